#include "notifiers/config.h"

#include <fstream>
#include <sstream>

#include "base/duration.h"
#include "notifiers/doubtful_intervals.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"

using namespace std::chrono_literals;

namespace tocsin {
namespace {

using Lines = std::vector<std::string>;

AlertmanagerConfig parse(const std::string& text) {
    auto config = parse_alertmanager_config(text, "/etc/am/am.yml");
    if (!config) FAIL(to_string(config.error().front()));
    return *std::move(config);
}

Lines problems(const std::string& text) {
    const auto config = parse_alertmanager_config(text, "am.yml");
    Lines out;
    if (!config) {
        for (const auto& diagnostic : config.error()) out.push_back(to_string(diagnostic));
    }
    return out;
}

std::string problem_with_receiver(const std::string& integration) {
    const auto found = problems("route: {receiver: r}\nreceivers:\n- name: r\n  " + integration + "\n");
    return found.empty() ? "" : found.front();
}

TEST_CASE("all mistakes of a file are told at once, each with its place", "[notifiers][config]") {
    const auto found = problems(R"(global:
  resolve_timout: 5m
route:
  receiver: nobody
  group_by: [a, a, '']
  group_wait: -1s
  routes:
  - matchers: ['a=~[']
    mute_time_intervals: [nope]
receivers:
- name: r
  webhook_configs:
  - url: ftp://x
  slack_configs:
  - api_url: http://x
    fields: [{title: t}]
- name: r
)");
    CHECK(found == Lines{
                       "am.yml:2:3: field resolve_timout not found in global",
                       "am.yml:4:3: undefined receiver \"nobody\" used in route",
                       "am.yml:5:17: duplicated label \"a\" in group_by",
                       "am.yml:5:20: invalid label name \"\" in group_by list",
                       "am.yml:6:15: not a valid duration string: \"-1s\"",
                       "am.yml:8:5: undefined time interval \"nope\" used in route",
                       "am.yml:8:16: error parsing regexp: missing closing ]: `[)$`",
                       "am.yml:13:10: invalid URL: unsupported scheme \"ftp\" for URL",
                       "am.yml:16:14: missing value in Slack field configuration",
                       "am.yml:17:3: notification config name \"r\" is not unique",
                   });
}

TEST_CASE("mistakes in receivers are told as Alertmanager tells them", "[notifiers][config]") {
    const std::vector<std::pair<const char*, const char*>> cases = {
        {"webhook_configs: [{}]", "one of url or url_file must be configured"},
        {"webhook_configs: [{url: 'http://x', url_file: f}]", "at most one of url & url_file must be configured"},
        {"webhook_configs: [~]", "missing webhook config"},
        {"webhook_configs: {url: 'http://x'}", "webhook_configs is not a list; expected a list"},
        {"webhook_configs: [{url: 'http://x{{'}]", "invalid template syntax in the webhook's URL"},
        {"slack_configs: [~]", "missing slack config"},
        {"slack_configs: [{channel: a}]", "no Slack API URL nor App token set either inline or in a file"},
        {"slack_configs: [{api_url: 'http://x', actions: [{type: a, text: b}]}]",
         "missing name or url in Slack action configuration"},
        {"slack_configs: [{api_url: 'http://x', update_message: true}]",
         "update_message can only be used with bot tokens. api_url must be set to "
         "https://slack.com/api/chat.postMessage"},
        {"slack_configs: [{app_token: t, http_config: {authorization: {credentials: c}}}]",
         "http authorization can't be set when using Slack App tokens"},
        {"pagerduty_configs: [{}]", "missing service or routing key in PagerDuty config"},
        {"pagerduty_configs: [{routing_key: k, details: [a]}]", "details is not a map; expected a map"},
        {"webhook_configs: [{url: 'http://x', http_config: {basic_auth: {username: u}, bearer_token: t}}]",
         "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured"},
        {"webhook_configs: [{url: 'http://x', http_config: {oauth2: {client_id: a, token_url: 'http://t', "
         "signature_algorithm: ES256, "
         "grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer'}}}]",
         "valid signature algorithms are RS256, RS384 and RS512"},
        {"webhook_configs: [{url: 'http://x', http_config: {authorization: {type: Basic}}}]",
         "authorization type cannot be set to \"basic\", use \"basic_auth\" instead"},
        {"webhook_configs: [{url: 'http://x', http_config: {tls_config: {cert_file: c}}}]",
         "exactly one of key or key_file must be configured when a client certificate is configured"},
        {"webhook_configs: [{url: 'http://x', http_config: {no_proxy: x}}]",
         "if no_proxy is configured, proxy_url must also be configured"},
        {"webhook_configs: [{url: 'http://x', http_config: {http_headers: {Host: {values: [a]}}}}]",
         "setting header \"Host\" is not allowed"},
        {"email_configs: [{to: a@b, from: c@d, smarthost: x}]",
         "address x: missing port in address; expected host:port"},
        {"opsgenie_configs: [{api_key: k, responders: [{name: n, type: boss}]}]",
         "opsGenieConfig responder type \"boss\" does not match a valid type; expected team, teams, user, escalation, "
         "schedule or a template"},
        {"victorops_configs: [{routing_key: r, api_key: k, custom_fields: {entity_id: x}}]", "victorops Config"},
        {"labels: {name: other}", "label name must be equal to the receiver's name \"r\""},
        {"smoke_configs: []", "field smoke_configs not found in receiver"},
    };
    for (const auto& [integration, message] : cases) {
        CAPTURE(integration);
        const std::string found = problem_with_receiver(integration);
        const std::string wanted =
            std::string(message) == "victorops Config" ? "victorOps config contains custom field" : message;
        CHECK(found.find(wanted) != std::string::npos);
    }
}

TEST_CASE("null entries are an error in every list of integrations", "[notifiers][config]") {
    for (const auto* kind :
         {"discord", "email", "incidentio", "jira", "mattermost", "msteams", "msteamsv2", "opsgenie", "pagerduty",
          "pushover", "rocketchat", "slack", "sns", "telegram", "victorops", "webex", "webhook", "wechat"}) {
        CAPTURE(kind);
        CHECK(problem_with_receiver(std::string(kind) + "_configs: [~]").find(std::string("missing ") + kind) !=
              std::string::npos);
    }
}

TEST_CASE("a receiver's http_config replaces the global one whole", "[notifiers][config]") {
    const auto config = parse(R"(
global: {http_config: {follow_redirects: false, proxy_url: 'http://p'}}
route: {receiver: r}
receivers:
- name: r
  webhook_configs: [{url: 'http://x'}, {url: 'http://x', http_config: {bearer_token: t}}]
)");
    const auto& integrations = config.receivers.front().integrations;
    CHECK(integrations[0].config->http.access.way.proxy_url == "http://p");
    CHECK_FALSE(integrations[0].config->http.access.way.follow_redirects);
    CHECK(integrations[1].config->http.access.way.proxy_url.empty());
    CHECK(integrations[1].config->http.access.way.follow_redirects);
    CHECK(integrations[1].index == 1);
}

TEST_CASE("the way through a proxy may have headers of its own and another name for the certificate",
          "[notifiers][config]") {
    const auto config = parse(R"(
route: {receiver: r}
receivers:
- name: r
  webhook_configs:
  - url: https://x
    http_config:
      proxy_url: http://p
      proxy_connect_header: {X-Key: [SECRET, other], X-None: [], X-Null: ~}
      tls_config: {server_name: n}
)");
    const auto& http = config.receivers[0].integrations[0].config->http;
    CHECK(http.unsupported.empty());
    CHECK(http.access.way.server_name == "n");
    const auto options = http.access.way.options();
    REQUIRE(options.proxy_connect_headers.size() == 2);
    CHECK(options.proxy_connect_headers[0].name == "X-Key");
    CHECK(options.proxy_connect_headers[0].value == "SECRET");
    CHECK(options.proxy_connect_headers[1].value == "other");
}

TEST_CASE("kinds that cannot be sent with are an error only where a route reaches them", "[notifiers][config]") {
    const std::string text = R"(
route: {receiver: hook, routes: [{receiver: NAME}]}
receivers:
- name: hook
  webhook_configs: [{url: 'http://x'}]
- name: ops
  victorops_configs: [{api_key: k, routing_key: r}]
- name: oauth
  webhook_configs:
  - url: http://x
    http_config: {oauth2: {client_id: a, token_url: 'http://t', grant_type: password}}
)";
    const auto unsendable = [&](const std::string& name) {
        std::string with_name = text;
        with_name.replace(with_name.find("NAME"), 4, name);
        Lines out;
        for (const auto& diagnostic : find_unsendable(parse(with_name))) out.push_back(to_string(diagnostic));
        return out;
    };
    CHECK(unsendable("hook").empty());
    CHECK(
        unsendable("ops") ==
        Lines{
            "/etc/am/am.yml:7:23: receiver \"ops\" is used by a route, but tocsin cannot send with victorops_configs"});
    REQUIRE(unsendable("oauth").size() == 1);
    CHECK(unsendable("oauth").front().find("does not support oauth2.grant_type here") != std::string::npos);
}

TEST_CASE("what may not be meant is warned of", "[notifiers][config]") {
    const auto config = parse(R"(
tracing: {endpoint: x}
route:
  receiver: r
  routes:
  - receiver: r
  - {receiver: r, matchers: ['a=b c']}
receivers: [{name: r}, {name: unused}]
)");
    Lines out;
    for (const auto& diagnostic : config.warnings) out.push_back(to_string(diagnostic));
    REQUIRE(out.size() == 4);
    CHECK(out[0].find("am.yml:2:10: warning: tracing is not supported") != std::string::npos);
    CHECK(out[1].find("am.yml:7:5: warning: route is never reached") != std::string::npos);
    CHECK(out[2].find("am.yml:7:30: warning: matchers \"a=b c\"") != std::string::npos);
    CHECK(out[3].find("am.yml:8:24: warning: receiver \"unused\" is used by no route") != std::string::npos);
}

TEST_CASE("the masked text has no secret, no comment, and loads again to the same", "[notifiers][config]") {
    const std::string text = R"(
# SECRET in a comment
global:
  slack_api_url: http://SECRET/x
  opsgenie_api_key: SECRET
  smtp_auth_password: "SECRET"
route:
  receiver: r
  group_by: ['alertname', "a b"]
  routes:
  - matchers: [a="b", 'c=~"d|e"']
    continue: yes
    group_wait: 5m
  - {match: {x: on}}
receivers:
- name: r
  webhook_configs:
  - url: 'http://SECRET/{{ .Status }}'
    max_alerts: 5
    payload: {text: "a\nb: {{ .Status }}", n: 5}
    http_config:
      basic_auth: {username: u, password: SECRET}
      http_headers: {X-Key: {secrets: [SECRET], values: [plain]}}
      tls_config: {key: SECRET, cert: c}
      proxy_url: 'http://me:SECRET@p@r:3128'
      proxy_connect_header: {X-Key: [SECRET, SECRET]}
  slack_configs: [{channel: '#c'}]
  pagerduty_configs:
  - service_key: SECRET
    routing_key: SECRET
    details: {}
  telegram_configs: [{bot_token: SECRET, chat_id: -100}]
  pushover_configs: [{user_key: SECRET, token: SECRET}]
  wechat_configs: [{api_secret: SECRET, corp_id: c}]
  discord_configs: [{webhook_url: 'http://SECRET'}]
  sns_configs: [{topic_arn: t, sigv4: {access_key: a, secret_key: SECRET}}]
  incidentio_configs: [{url: 'http://x', alert_source_token: SECRET}]
  rocketchat_configs: [{token: SECRET, token_id: SECRET}]
  victorops_configs: [{api_key: SECRET, routing_key: r}]
)";
    const auto config = parse(text);
    CHECK(config.masked_text.find("SECRET") == std::string::npos);
    CHECK(config.masked_text.find("comment") == std::string::npos);
    const auto again = parse(config.masked_text);
    CHECK(again.masked_text == config.masked_text);
    CHECK(config.masked_text.find("  group_by:\n  - \"alertname\"\n  - \"a b\"\n") != std::string::npos);
    CHECK(config.masked_text.find("  - url: <secret>\n    max_alerts: 5\n") != std::string::npos);
    CHECK(config.masked_text.find("chat_id: -100\n") != std::string::npos);
    CHECK(config.masked_text.find("proxy_url: \"http://me:xxxxx@r:3128\"\n") != std::string::npos);
}

TEST_CASE("no message about a mistake tells a secret", "[notifiers][config]") {
    const std::string secret = "S3CRET";
    for (const auto* integration : {
             "webhook_configs: [{url: 'S3CRETVALUE:x'}]",
             "webhook_configs: [{url: 'http://x y/S3CRETVALUE'}]",
             "slack_configs: [{api_url: S3CRETVALUE}]",
             "slack_configs: [{api_url: 'S3CRETVALUE://x'}]",
             "discord_configs: [{webhook_url: S3CRETVALUE}]",
             "pagerduty_configs: [{routing_key: S3CRETVALUE, routing_key_file: f}]",
             "webhook_configs: [{url: 'http://x', http_config: {basic_auth: {password: S3CRETVALUE, password_file: "
             "f}}}]",
             "webhook_configs: [{url: 'http://x', http_config: {http_headers: {X: {secrets: S3CRETVALUE}}}}]",
             "webhook_configs: [{url: 'http://x', http_config: {http_headers: {X: S3CRETVALUE}}}]",
             "webhook_configs: [{url: 'http://x', http_config: {proxy_url: 'http://p', proxy_connect_header: "
             "S3CRETVALUE}}]",
             "webhook_configs: [{url: 'http://x', http_config: {proxy_url: 'http://p', proxy_connect_header: {X: "
             "S3CRETVALUE}}}]",
         }) {
        CAPTURE(integration);
        const auto found =
            problems(std::string("route: {receiver: r}\nreceivers:\n- name: r\n  ") + integration + "\n");
        CHECK_FALSE(found.empty());
        for (const auto& line : found) CHECK(line.find(secret) == std::string::npos);
    }
}

TEST_CASE("template files are found beside the configuration and parsed with it", "[notifiers][config]") {
    fakes::FakeDisk disk;
    disk.put("/etc/am/am.yml", R"(
templates: ['t/*.tmpl', missing.tmpl]
route: {receiver: r}
receivers: [{name: r}]
)");
    disk.put("/etc/am/t/one.tmpl", R"({{ define "mine" }}hello {{ .Status }}{{ end }})");
    const auto expand = [&]() -> std::string {
        const auto config = load_alertmanager_config(disk, "/etc/am/am.yml");
        if (!config) return to_string(config.error().front());
        templates::NotificationData data;
        data.status = "firing";
        return *config->templates.parse_text(R"({{ template "mine" . }})")->expand(data, from_unix_ms(0));
    };
    CHECK(expand() == "hello firing");
    disk.put("/etc/am/t/two.tmpl", "x\n{{ nofunc }}");
    CHECK(expand().find("/etc/am/t/two.tmpl:2:") == 0);
    CHECK(expand().find("function \"nofunc\" not defined") != std::string::npos);
}

TEST_CASE("templates that will fail are warned of at their place", "[notifiers][config]") {
    fakes::FakeDisk disk;
    disk.put("/etc/am/am.yml", R"(templates: ['*.tmpl']
route: {receiver: r}
receivers:
- name: r
  slack_configs:
  - api_url: http://x
    title: 'ok {{ .Status }}'
    text: '{{ template "mine" . }}'
    footer: '{{ .Foo'
    pretext: |
      line one
      {{ .Nope }}
    fallback: '{{ template "nope" . }}'
)");
    disk.put("/etc/am/mine.tmpl", R"({{ define "mine" }}x{{ end }})");
    const auto config = load_alertmanager_config(disk, "/etc/am/am.yml");
    REQUIRE(config.has_value());
    Lines out;
    for (const auto& diagnostic : config->warnings) out.push_back(to_string(diagnostic));
    REQUIRE(out.size() == 3);
    CHECK(out[0].find("am.yml:9:") != std::string::npos);
    CHECK(out[1].find("am.yml:12:") != std::string::npos);
    CHECK(out[1].find("Nope") != std::string::npos);
    CHECK(out[2].find("am.yml:13:") != std::string::npos);
    CHECK(out[2].find("nope") != std::string::npos);
}

TEST_CASE("templates are warned of wherever they stand, secrets without their text", "[notifiers][config]") {
    fakes::FakeDisk disk;
    disk.put("/etc/am/am.yml", R"(templates: ['*.tmpl']
route: {receiver: r, labels: {l: '{{ .A }}'}}
receivers:
- name: r
  webhook_configs:
  - url: 'http://x/S3CRET{{ .B }}'
    payload:
      deep: [one, {two: '{{ .C }}'}]
  pagerduty_configs:
  - routing_key: 'S3CRET{{ nofunc }}'
    details: {d: '{{ .D }}'}
    description: '{{ template "mine" . }}'
  telegram_configs:
  - {bot_token: x, chat_id: 1, message: '{{ .E }}'}
  email_configs:
  - {to: a@b, from: a@b, smarthost: 'x:25', html: '<a href="{{ .F }}">'}
)");
    disk.put("/etc/am/mine.tmpl", "{{ define \"mine\" }}\n{{ .G }}{{ end }}");
    const auto config = load_alertmanager_config(disk, "/etc/am/am.yml");
    REQUIRE(config.has_value());
    Lines out;
    for (const auto& diagnostic : config->warnings) out.push_back(to_string(diagnostic));
    const auto field = [](const char* place, const char* name) {
        return std::string("/etc/am/am.yml:") + place + ": warning: can't evaluate field " + name +
               " in type *template.Data";
    };
    const std::string secret = ": warning: this secret is a template that cannot be executed; it is not shown";
    CHECK(out ==
          Lines{
              field("2:38", "A"),
              "/etc/am/am.yml:6:10" + secret,
              field("8:29", "C"),
              "/etc/am/am.yml:10:18" + secret,
              field("11:22", "D"),
              "/etc/am/am.yml:12:31: warning: template: mine.tmpl:2:3: can't evaluate field G in type *template.Data",
              field("14:45", "E"),
              field("16:64", "F"),
          });
}

TEST_CASE("a file that is not there is told by name", "[notifiers][config]") {
    fakes::FakeDisk disk;
    const auto config = load_alertmanager_config(disk, "/etc/am/am.yml");
    REQUIRE_FALSE(config.has_value());
    CHECK(to_string(config.error().front()).find("am.yml") != std::string::npos);
}

TEST_CASE("defaults are Alertmanager's", "[notifiers][config]") {
    const auto config = parse("route: {receiver: r}\nreceivers: [{name: r}]\n");
    CHECK(config.global.resolve_timeout == std::chrono::minutes(5));
    CHECK(config.global.pagerduty_url == "https://events.pagerduty.com/v2/enqueue");
    CHECK(config.global.http.access.way.follow_redirects);
    CHECK(config.receivers.front().labels == std::vector<std::pair<std::string, std::string>>{{"name", "r"}});
}

TEST_CASE("the matcher grammar can be chosen", "[notifiers][config]") {
    const std::string text = "route: {receiver: r, routes: [{matchers: ['a=b c']}]}\nreceivers: [{name: r}]\n";
    CHECK(parse_alertmanager_config(text, "am.yml", {MatchersSyntax::Classic}).has_value());
    CHECK_FALSE(parse_alertmanager_config(text, "am.yml", {MatchersSyntax::Utf8Strict}).has_value());
}

// Verdicts are those of amtool 0.25.
TEST_CASE("what amtool refuses is refused", "[notifiers][config]") {
    const auto of_receiver = [](const std::string& integrations) {
        return "route: {receiver: r}\nreceivers: [{name: r, " + integrations + "}]\n";
    };
    const auto of_route = [](const std::string& options) {
        return "route: {receiver: r, routes: [{" + options + "}]}\nreceivers: [{name: r}]\n";
    };
    const auto with_proxy = [&](const std::string& url) {
        return of_receiver("webhook_configs: [{url: 'http://x', http_config: {proxy_url: '" + url + "'}}]");
    };
    const auto [text, message] = GENERATE_COPY(table<std::string, std::string>({
        {of_receiver("sns_configs: [{topic_arn: a, phone_number: b, sigv4: {region: x}}]"), "must provide either"},
        {of_receiver("sns_configs: [{topic_arn: a, target_arn: b, sigv4: {region: x}}]"), "must provide either"},
        {of_receiver("sns_configs: [{topic_arn: a, sigv4: {region: x}}]"), ""},
        {of_receiver("sns_configs: [{topic_arn: a, phone_number: b, target_arn: c, sigv4: {region: x}}]"), ""},
        {"templates: ['[']\n" + of_receiver("webhook_configs: []"), "am.yml:1:13: syntax error in pattern \"[\""},
        {of_route("match_re: {a: ~}"), "invalid regexp value for \"a\""},
        {of_route("match_re: {a: ''}"), ""},
        {of_route("match: {a: ~}"), ""},
        {with_proxy("::"), "proxy_url is not a valid URL"},
        {with_proxy("http://me:secret@h:port"), "proxy_url is not a valid URL"},
        {with_proxy("socks5://h"), ""},
    }));
    CAPTURE(text);
    const auto config = parse_alertmanager_config(text, "am.yml");
    const std::string problem = config ? "" : to_string(config.error().front());
    CHECK(config.has_value() == message.empty());
    CHECK_THAT(problem, Catch::Contains(message));
    CHECK(problem.find("secret") == std::string::npos);
}

TEST_CASE("bad template files are told beside other mistakes", "[notifiers][config]") {
    fakes::FakeDisk disk;
    disk.put("/etc/am/am.yml", "route: {receiver: nobody}\ntemplates: ['*.tmpl']\nreceivers: []\n");
    disk.put("/etc/am/bad.tmpl", "{{ define \"a\" }}\n{{ .X");
    const auto config = load_alertmanager_config(disk, "/etc/am/am.yml");
    REQUIRE_FALSE(config);
    REQUIRE(config.error().size() == 2);
    CHECK_THAT(to_string(config.error()[0]), Catch::Contains("undefined receiver"));
    CHECK_THAT(to_string(config.error()[1]), Catch::StartsWith("/etc/am/bad.tmpl:2:"));
}

TEST_CASE("intervals that will not be what they say are found where they are said", "[notifiers][config]") {
    const auto config = parse_alertmanager_config(
        "route:\n  receiver: r\n  group_interval: 10m\n  routes:\n"
        "  - {repeat_interval: 30d}\n  - {repeat_interval: 5m, routes: [{matchers: [a=b]}]}\n  - {group_interval: 1h}\n"
        "receivers: [{name: r}]\n",
        "am.yml");
    REQUIRE(config);
    const auto lines = [&](Duration retention) {
        std::vector<std::string> found;
        for (const Diagnostic& doubt : find_doubtful_intervals(*config, retention)) found.push_back(to_string(doubt));
        return found;
    };
    const auto usual = lines(120h);
    REQUIRE(usual.size() == 2);
    CHECK_THAT(usual[0], Catch::StartsWith("am.yml:5:5: warning: repeat_interval 30d is longer than what was told is "
                                           "remembered, 5d"));
    CHECK_THAT(usual[1],
               Catch::StartsWith("am.yml:6:5: warning: repeat_interval 5m is shorter than group_interval 10m"));
    CHECK(lines(1h).size() == 4);
    CHECK(lines(60 * 24h).size() == 1);
}

}  // namespace
}  // namespace tocsin
