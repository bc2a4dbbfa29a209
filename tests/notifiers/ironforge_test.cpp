#include "tests/catch.h"
#include "tests/notifiers/notification_rig.h"

using namespace std::chrono_literals;

namespace tocsin {
namespace {

using tests::Lines;
using tests::NotificationRig;

// The file of tocsin's first user, with the old `match` and PagerDuty's `service_key`.
constexpr const char* kConfiguration = R"(global:
  resolve_timeout: 5m

route:
  group_by: ['alertname', 'severity']
  group_wait: 10s
  group_interval: 10s
  repeat_interval: 12h
  receiver: 'default'

  routes:
    - match:
        severity: critical
      receiver: 'pagerduty'

    - match:
        severity: warning
      receiver: 'slack'

receivers:
  - name: 'default'
    webhook_configs:
      - url: 'http://localhost:5001/alert'

  - name: 'slack'
    slack_configs:
      - api_url: 'https://hooks.slack.com/services/YOUR/WEBHOOK/URL'
        channel: '#alerts'
        title: 'IronForge Alert'

  - name: 'pagerduty'
    pagerduty_configs:
      - service_key: 'YOUR_PAGERDUTY_SERVICE_KEY'
)";

TEST_CASE("the first user's configuration routes by severity", "[notifiers][ironforge]") {
    NotificationRig rig(kConfiguration);
    rig.fire("HighErrorRate", {{"severity", "critical"}});
    rig.fire("HighLatency", {{"severity", "warning"}});
    rig.fire("Other");
    rig.advance(9s);
    CHECK(rig.told() == Lines{});
    rig.advance(1s);
    CHECK(rig.told() == Lines{"10s create_event.json trigger", "10s URL IronForge Alert",
                              "10s alert firing +Other (first notification)"});
    const Json page = *parse_json(rig.http.sent().front().request.body);
    CHECK(page.at("service_key").as_string() == "YOUR_PAGERDUTY_SERVICE_KEY");
    CHECK(page.at("description").as_string() == "[FIRING:1] HighErrorRate critical ");
    CHECK(page.at("incident_key").as_string().size() == 64);
    rig.advance(12h - 1s);
    CHECK(rig.told() == Lines{});
    rig.advance(1s);
    CHECK(rig.told() == Lines{"12h10s create_event.json trigger", "12h10s URL IronForge Alert",
                              "12h10s alert firing +Other (repeat interval elapsed)"});
    rig.resolve("HighErrorRate", {{"severity", "critical"}});
    rig.resolve("HighLatency", {{"severity", "warning"}});
    rig.resolve("Other");
    rig.advance(10s);
    // Slack is not told of ends unless it asks for them.
    CHECK(rig.told() ==
          Lines{"12h20s create_event.json resolve", "12h20s alert resolved -Other (all alerts resolved)"});
    CHECK(rig.service->group_count() == 0);
}

TEST_CASE("no secret of the first user is in logs, metrics or the configuration shown", "[notifiers][ironforge]") {
    NotificationRig rig(kConfiguration);
    rig.http.handle([](const HttpRequest& request) {
        return request.url.find("slack") != std::string::npos
                   ? fakes::FakeAnswer::with_status(404)
                   : fakes::FakeAnswer::fails(fakes::FakeAnswer::Fault::Refused);
    });
    rig.fire("HighErrorRate", {{"severity", "critical"}});
    rig.fire("HighLatency", {{"severity", "warning"}});
    rig.fire("Other");
    rig.advance(1min);
    CHECK(rig.log.count(LogLevel::Warn) > 3);
    for (const auto* secret : {"YOUR_PAGERDUTY_SERVICE_KEY", "YOUR/WEBHOOK/URL"}) {
        CHECK_FALSE(rig.log.contains(secret));
        CHECK(rig.metrics.render().find(secret) == std::string::npos);
        CHECK(rig.service->masked_config().find(secret) == std::string::npos);
    }
}

}  // namespace
}  // namespace tocsin
