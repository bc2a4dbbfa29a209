#include "notifiers/alert_store.h"

#include "tests/catch.h"

namespace tocsin {
namespace {

constexpr std::int64_t kNow = 1000;

Alert alert(std::int64_t start, std::int64_t end, std::int64_t updated, bool timeout = false) {
    Alert out;
    out.labels = {{"alertname", "a"}};
    out.starts_at = from_unix_ms(start);
    out.ends_at = from_unix_ms(end);
    out.updated_at = from_unix_ms(updated);
    out.ends_by_timeout = timeout;
    return out;
}

struct Case {
    const char* name;
    Alert old, next;
    std::int64_t start, end;
};

TEST_CASE("an alert is merged with what is known of it as Alertmanager merges it", "[notifiers][alert_store]") {
    const std::vector<Case> cases = {
        {"goes on", alert(100, 2000, 500), alert(100, 3000, 600), 100, 3000},
        {"started earlier than was said", alert(300, 2000, 500), alert(100, 1500, 600), 100, 2000},
        {"an earlier start counts", alert(100, 2000, 500), alert(300, 3000, 600), 100, 3000},
        {"resolved", alert(100, 2000, 500), alert(100, 900, 600), 100, 900},
        {"a later end that was only a timeout does not count", alert(100, 3000, 500, true), alert(200, 2000, 600), 100,
         2000},
        {"a later end that was said counts", alert(100, 3000, 500), alert(200, 2000, 600), 100, 3000},
        {"both resolved: the later end", alert(100, 900, 500), alert(200, 800, 600), 100, 900},
        {"no overlap: another incident", alert(100, 400, 500), alert(500, 3000, 600), 500, 3000},
        {"old news after new", alert(100, 2000, 700), alert(200, 1800, 600), 100, 2000},
    };
    for (const Case& c : cases) {
        CAPTURE(c.name);
        const Alert merged = merge_alert(c.old, c.next, from_unix_ms(kNow));
        CHECK(to_unix_ms(merged.starts_at) == c.start);
        CHECK(to_unix_ms(merged.ends_at) == c.end);
    }
}

TEST_CASE("fingerprints and log hashes are Alertmanager's", "[notifiers][alert_store]") {
    Alert out;
    out.labels = {
        {"alertname", "HighErr"}, {"cluster", "eu"}, {"instance", "a:1"}, {"job", "api"}, {"severity", "critical"}};
    const StoredAlert stored(out);
    CHECK(to_string_fingerprint(stored.fingerprint) == "70e51e729038c3a1");
    CHECK(stored.log_hash != stored.fingerprint);
}

TEST_CASE("resolved alerts are collected, firing ones stay", "[notifiers][alert_store]") {
    AlertStore store({});
    Alert other = alert(100, 5000, 500);
    other.labels = {{"alertname", "b"}};
    store.put(alert(100, 900, 500), from_unix_ms(500));
    store.put(other, from_unix_ms(500));
    const auto gone = store.collect(from_unix_ms(kNow));
    REQUIRE(gone.size() == 1);
    CHECK(gone.front()->alert.labels.get("alertname") == "a");
    CHECK(store.size() == 1);
    CHECK(store.find(other.labels) != nullptr);
}

TEST_CASE("limits keep out what is new, never news of what is there", "[notifiers][alert_store]") {
    AlertStore store({.alerts = 2, .per_alertname = 1});
    CHECK(store.put(alert(1, 2000, 1), from_unix_ms(1)) != nullptr);
    Alert second = alert(1, 2000, 1);
    second.labels = {{"alertname", "a"}, {"i", "2"}};
    CHECK(store.put(second, from_unix_ms(1)) == nullptr);
    Alert other = alert(1, 2000, 1);
    other.labels = {{"alertname", "b"}};
    CHECK(store.put(other, from_unix_ms(1)) != nullptr);
    other.labels = {{"alertname", "c"}};
    CHECK(store.put(other, from_unix_ms(1)) == nullptr);
    CHECK(store.put(alert(1, 900, 2), from_unix_ms(kNow)) != nullptr);
    store.collect(from_unix_ms(kNow));
    CHECK(store.put(second, from_unix_ms(kNow)) != nullptr);
}

}  // namespace
}  // namespace tocsin
