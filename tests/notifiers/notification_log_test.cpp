#include "notifiers/notification_log.h"

#include "tests/catch.h"

namespace tocsin {
namespace {

TEST_CASE("entries expire at their time", "[notifiers][notification_log]") {
    NotificationLog log;
    log.at({"g", "r", "webhook", 0}).expires_at = from_unix_ms(10);
    log.at({"g", "r", "webhook", 1}).expires_at = from_unix_ms(20);
    log.collect(from_unix_ms(10), [](const std::string&) { return true; });
    CHECK(log.find({"g", "r", "webhook", 0}) == nullptr);
    CHECK(log.find({"g", "r", "webhook", 1}) != nullptr);
}

TEST_CASE("an entry that owes an end outlives its time while its group is there", "[notifiers][notification_log]") {
    NotificationLog log;
    log.at({"g", "r", "webhook", 0}).firing = {1};
    log.at({"g", "r", "webhook", 1}).resolved = {1};
    log.at({"h", "r", "webhook", 0}).firing = {1};
    log.collect(from_unix_ms(10), [](const std::string& key) { return key == "g"; });
    CHECK(log.entries().size() == 1);
    CHECK(log.find({"g", "r", "webhook", 0}) != nullptr);
}

TEST_CASE("what a receiver was told of a group is found by both", "[notifiers][notification_log]") {
    NotificationLog log;
    log.at({"g", "r", "webhook", 0}).firing = {1};
    log.at({"g", "r", "slack", 0}).firing = {2};
    log.at({"g", "q", "slack", 0}).firing = {3};
    log.at({"h", "r", "slack", 0}).firing = {4};
    AlertHashes found;
    log.for_each_of("g", "r", [&](const LogEntry& entry) { found.insert(entry.firing.begin(), entry.firing.end()); });
    CHECK(found == AlertHashes{1, 2});
}

TEST_CASE("all entries of a group move to another key with it", "[notifiers][notification_log]") {
    NotificationLog log;
    log.at({"a", "r", "slack", 0}).firing = {1};
    log.at({"a", "r", "webhook", 0}).firing = {2};
    log.at({"b", "r", "webhook", 0}).firing = {3};
    log.rename_group("a", "c");
    CHECK(log.find({"a", "r", "slack", 0}) == nullptr);
    CHECK(log.find({"c", "r", "slack", 0})->firing == AlertHashes{1});
    CHECK(log.find({"c", "r", "webhook", 0})->firing == AlertHashes{2});
    CHECK(log.find({"b", "r", "webhook", 0})->firing == AlertHashes{3});
}

TEST_CASE("a step of the clock moves all times", "[notifiers][notification_log]") {
    NotificationLog log;
    LogEntry& entry = log.at({"a", "r", "slack", 0});
    entry.sent_at = from_unix_ms(1000);
    entry.expires_at = from_unix_ms(2000);
    log.at({"a", "r", "slack", 1});
    log.shift(Duration{5});
    CHECK(entry.sent_at == from_unix_ms(1005));
    CHECK(entry.expires_at == from_unix_ms(2005));
    CHECK_FALSE(log.find({"a", "r", "slack", 1})->was_sent());
}

}  // namespace
}  // namespace tocsin
