#include "daemon/config.h"

#include "tests/catch.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> problems_of(std::string_view text) {
    Diagnostics problems;
    parse_config(text, "prometheus.yml", problems);
    std::vector<std::string> told;
    for (const Diagnostic& problem : problems) told.push_back(to_string(problem));
    return told;
}

}  // namespace

TEST_CASE("prometheus.yml is read with Prometheus' defaults, and without an interval nobody asked for",
          "[daemon][config]") {
    Diagnostics problems;
    const Config config = parse_config(
        "rule_files: [a.yml, 'rules/*.yml']\n"
        "scrape_configs:\n- job_name: x\n  static_configs: [{targets: ['h:1'], labels: {team: a}}]\n",
        "/etc/prometheus.yml", problems);
    REQUIRE(problems.empty());
    CHECK(config.evaluation_interval == 1min);
    CHECK(config.rule_files == std::vector<std::string>{"/etc/a.yml", "/etc/rules/*.yml"});
    REQUIRE(config.scrape_configs.size() == 1);
    const ScrapeConfig& job = *config.scrape_configs.front();
    CHECK_FALSE(job.scrape_interval);
    CHECK(job.scrape_timeout == 10s);
    CHECK(job.metrics_path == "/metrics");
    CHECK(job.scheme == "http");
    CHECK(job.honor_timestamps);
    CHECK_FALSE(job.honor_labels);
    CHECK(job.discoveries.size() == 1);
}

TEST_CASE("what global says holds for jobs that do not say otherwise", "[daemon][config]") {
    Diagnostics problems;
    const Config config = parse_config(
        "global: {scrape_interval: 30s, scrape_timeout: 5s, evaluation_interval: 15s, sample_limit: 7, "
        "external_labels: {dc: eu}}\n"
        "scrape_configs:\n- job_name: a\n- job_name: b\n  scrape_interval: 4s\n  sample_limit: 9\n",
        "prometheus.yml", problems);
    // The global timeout does not fit b's interval and nobody wrote it there, so it is cut.
    REQUIRE(problems.empty());
    CHECK(config.evaluation_interval == 15s);
    CHECK(config.external_labels == LabelSet{{"dc", "eu"}});
    CHECK(config.scrape_configs[0]->scrape_interval == 30s);
    CHECK(config.scrape_configs[0]->sample_limit == 7);
    CHECK(config.scrape_configs[1]->scrape_interval == 4s);
    CHECK(config.scrape_configs[1]->scrape_timeout == 4s);
    CHECK(config.scrape_configs[1]->sample_limit == 9);
}

TEST_CASE("mistakes in prometheus.yml are told with their place", "[daemon][config]") {
    struct Case {
        const char* text;
        const char* problem;
    };
    const auto c = GENERATE(values<Case>({
        {"glob: {}\n", "prometheus.yml:1:1: field glob not found in configuration"},
        {"global:\n  scrape_intervall: 5s\n", "prometheus.yml:2:3: field scrape_intervall not found in global"},
        {"global: {evaluation_interval: soon}\n", "prometheus.yml:1:31: "},
        {"scrape_configs:\n- {}\n", "prometheus.yml:2:3: job_name is empty"},
        {"scrape_configs:\n- job_name: a\n- job_name: a\n", "found multiple scrape configs with job name \"a\""},
        {"scrape_configs:\n- job_name: a\n  scheme: ftp\n", "prometheus.yml:3:11: unsupported scheme \"ftp\""},
        {"scrape_configs:\n- job_name: a\n  scrape_interval: 5s\n  scrape_timeout: 6s\n",
         "prometheus.yml:4:19: scrape timeout greater than scrape interval for scrape config with job name \"a\""},
        {"global: {scrape_interval: 5s}\nscrape_configs:\n- job_name: a\n  scrape_interval: 0s\n  scrape_timeout: 6s\n",
         "prometheus.yml:5:19: scrape timeout greater than scrape interval for scrape config with job name \"a\""},
        {"scrape_configs:\n- job_name: a\n  kubernetes_sd_configs: [{role: pod}]\n",
         "prometheus.yml:3:26: kubernetes_sd_configs is not supported, and its targets would not be watched"},
        {"scrape_configs:\n- job_name: a\n  proxy_url: socks5://p\n", "prometheus.yml:3:14: proxy_url cannot be used"},
        {"scrape_configs:\n- job_name: a\n  no_proxy: b\n",
         "prometheus.yml:3:13: if no_proxy is configured, proxy_url must also be configured"},
        {"scrape_configs:\n- job_name: a\n  oauth2: {client_id: a}\n", "oauth2 token_url must be configured"},
        {"scrape_configs:\n- job_name: a\n  bearer_token: x\n  basic_auth: {username: y}\n",
         "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured"},
        {"scrape_configs:\n- job_name: a\n  authorization: {credentials: x, credentials_file: y}\n",
         "at most one of authorization credentials & credentials_file must be configured"},
        {"scrape_configs:\n- job_name: a\n  authorization: {type: Basic}\n",
         "authorization type cannot be set to \"basic\""},
        {"scrape_configs:\n- job_name: a\n  http_headers: {Host: {values: [b]}}\n",
         "prometheus.yml:3:18: setting header \"Host\" is not allowed"},
        {"scrape_configs:\n- job_name: a\n  http_headers: {X: b}\n", "prometheus.yml:3:21: \"X\" is not a map"},
        {"scrape_configs:\n- job_name: a\n  http_headers: {X: {secrets: b}}\n",
         "prometheus.yml:3:31: \"secrets\" is not a list; expected a list of strings"},
        {"scrape_configs:\n- job_name: a\n  proxy_url: http://p\n  proxy_connect_header: {X: b}\n",
         "prometheus.yml:4:29: \"X\" is not a list; expected a list of strings"},
        {"scrape_configs:\n- job_name: a\n  tls_config: {cert_file: c}\n", "exactly one of key or key_file"},
        {"scrape_configs:\n- job_name: a\n  tls_config: {min_version: TLS9}\n", "unknown TLS version: TLS9"},
        {"scrape_configs:\n- job_name: a\n  tls_config: {max_version: TLS11}\n",
         "prometheus.yml:3:29: max_version TLS11 is not supported"},
        {"scrape_configs:\n- job_name: a\n  tls_config: {min_version: TLS13, max_version: TLS12}\n",
         "tls_config.max_version must be greater than or equal to tls_config.min_version"},
        {"scrape_configs:\n- job_name: a\n  tls_config: {ca: x, ca_file: y}\n",
         "prometheus.yml:3:32: at most one of ca and ca_file must be configured"},
        {"scrape_configs:\n- job_name: a\n  tls_config: {key: x}\n", "exactly one of cert or cert_file"},
        {"scrape_configs:\n- job_name: a\n  proxy_connect_header: {X-A: [b]}\n",
         "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured"},
        {"scrape_configs:\n- job_name: a\n  file_sd_configs: [{files: [a.txt]}]\n",
         "path name \"a.txt\" is not valid for file discovery"},
        {"scrape_configs:\n- job_name: a\n  file_sd_configs: [{files: ['*/a.yml']}]\n",
         "path name \"*/a.yml\" is not valid for file discovery"},
        {"scrape_configs:\n- job_name: a\n  http_sd_configs: [{url: 'ftp://a'}]\n", "prometheus.yml:3:27: "},
        {"scrape_configs:\n- job_name: a\n  dns_sd_configs: [{names: [a], type: A}]\n",
         "a port is required in DNS-SD configs for all record types except SRV"},
        {"scrape_configs:\n- job_name: a\n  dns_sd_configs: [{names: [a], type: TXT}]\n",
         "invalid DNS-SD records type TXT"},
        {"scrape_configs:\n- job_name: a\n  dns_sd_configs: [{type: SRV}]\n",
         "DNS-SD config must contain at least one SRV record name"},
        {"scrape_configs:\n- job_name: a\n  relabel_configs: [{action: remove}]\n",
         "unknown relabel action \"remove\""},
        {"scrape_configs:\n- job_name: a\n  body_size_limit: big\n", "\"big\" is not a size"},
        {"global: {body_size_limit: 1.5.5MB}\n", "\"1.5.5MB\" is not a size"},
        {"scrape_configs:\n- job_name: a\n  scrape_protocols: []\n",
         "prometheus.yml:3:21: scrape_protocols cannot be empty"},
        {"global: {scrape_protocols: [PrometheusProto, PrometheusText0.0.4, PrometheusProto]}\n",
         "duplicated protocol in scrape_protocols, got [PrometheusProto PrometheusText0.0.4 PrometheusProto]"},
        {"alerting: {alertmanagers: [{foo: 1}]}\n", "field foo not found in alertmanager config"},
        {"scrape_configs:\n- job_name: a\n  static_configs: [{targets: ['b:1', 'http://c']}]\n",
         "prometheus.yml:3:38: \"http://c\" is not a valid hostname"},
        {"scrape_configs:\n- job_name: a\n  static_configs: [{targets: ['http://c']}]\n  relabel_configs: []\n",
         "prometheus.yml:3:31: \"http://c\" is not a valid hostname"},
        {"alerting: {alertmanagers: [{static_configs: [{targets: ['http://c']}]}]}\n",
         "prometheus.yml:1:57: \"http://c\" is not a valid hostname"},
    }));
    CAPTURE(c.text);
    const auto told = problems_of(c.text);
    REQUIRE(told.size() == 1);
    CHECK_THAT(told.front(), Catch::Contains(c.problem));
}

TEST_CASE("alertmanagers may be reached through a proxy with headers and a name of its own", "[daemon][config]") {
    CHECK(
        problems_of("alerting: {alertmanagers: [{proxy_url: 'http://p', proxy_connect_header: {X-A: [b]}, tls_config: "
                    "{server_name: n}}]}\n") == std::vector<std::string>{});
}

TEST_CASE("targets of a job or of alertmanagers may be URLs where relabelling can make addresses of them",
          "[daemon][config]") {
    const std::string targets = "static_configs: [{targets: ['http://prometheus.io']}]\n";
    const std::string steps = "relabel_configs: [{target_label: __address__, replacement: 'b:1'}]\n";
    CHECK(problems_of("scrape_configs:\n- job_name: a\n  " + targets + "  " + steps) == std::vector<std::string>{});
    CHECK(problems_of("alerting:\n  alertmanagers:\n  - " + targets + "    " + steps) == std::vector<std::string>{});
}

TEST_CASE("body_size_limit is a size with a unit, and none where it is not positive", "[daemon][config]") {
    struct Case {
        std::string written;
        std::uint64_t bytes;
    };
    const auto [written, bytes] =
        GENERATE(values<Case>({{"1.5MB", 1'572'864}, {"10KiB", 10'240}, {"-1MB", 0}, {"0", 0}}));
    CAPTURE(written);
    Diagnostics problems;
    const Config config = parse_config("global: {body_size_limit: 7B}\nscrape_configs:\n- job_name: a\n"
                                       "  body_size_limit: " + written + "\n- job_name: b\n",
                                       "prometheus.yml", problems);
    REQUIRE(problems.empty());
    CHECK(config.scrape_configs[0]->body_size_limit == bytes);
    CHECK(config.scrape_configs[1]->body_size_limit == 7);
}

TEST_CASE("zero as the interval or the timeout of a job means that of global", "[daemon][config]") {
    struct Case {
        std::string job;
        Duration interval, timeout;
    };
    const auto [job, interval, timeout] = GENERATE(values<Case>({
        {"scrape_timeout: 0s", 30s, 7s},
        {"scrape_interval: 0s", 30s, 7s},
        {"scrape_interval: 5s, scrape_timeout: 0s", 5s, 5s},
        {"scrape_interval: 0s, scrape_timeout: 20s", 30s, 20s},
    }));
    CAPTURE(job);
    Diagnostics problems;
    const Config config = parse_config(
        "global: {scrape_interval: 30s, scrape_timeout: 7s}\nscrape_configs: [{job_name: a, " + job + "}]\n",
        "prometheus.yml", problems);
    CHECK(problems.empty());
    CHECK(config.scrape_configs.at(0)->scrape_interval == interval);
    CHECK(config.scrape_configs.at(0)->scrape_timeout == timeout);
}

TEST_CASE("keys that are known and do nothing are told and no error", "[daemon][config]") {
    Diagnostics problems;
    const Config config = parse_config(
        "remote_write: [{url: 'http://x'}]\nalerting: {alertmanagers: []}\nstorage: {tsdb: {}}\ntracing: {}\n", "prometheus.yml", problems);
    CHECK(problems.empty());
    REQUIRE(config.warnings.size() == 3);
    CHECK_THAT(to_string(config.warnings[0]), Catch::Contains("prometheus.yml:1:15: "));
}

TEST_CASE("all mistakes of a relabelling step are told where they stand", "[daemon][config]") {
    CHECK(problems_of("scrape_configs:\n- job_name: a\n  relabel_configs:\n"
                      "  - {action: hashmod, modulus: 0, regex: '(', target_labl: x}\n"
                      "  - {action: remove, regex: '['}\n") ==
          std::vector<std::string>{
              "prometheus.yml:4:47: field target_labl not found in relabel config",
              "prometheus.yml:4:32: relabel configuration for hashmod requires non-zero modulus",
              "prometheus.yml:4:5: relabel configuration for hashmod action requires 'target_label' value",
              "prometheus.yml:4:42: error parsing regexp: missing closing ): `(`",
              "prometheus.yml:5:14: unknown relabel action \"remove\"",
              "prometheus.yml:5:29: error parsing regexp: missing closing ]: `[`"});
}
