#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "tests/catch.h"
#include "tests/daemon/simulated_daemon.h"
#include "tests/rounds.h"

using namespace tocsin;
using namespace tocsin::tests;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kStorage = "/var/lib/tocsin/";
constexpr auto kDamageTold = "part of the log of scrapes is lost";
constexpr double kPerSecond = 2;

/// By time in milliseconds.
using Values = std::map<std::int64_t, double>;

/// A target that counts two a second, and a rule that looks five minutes back.
class CountingWorld : public SimulatedDaemon {
public:
    CountingWorld() {
        put("prometheus.yml",
            "rule_files: [rules.yml]\nscrape_configs:\n  - job_name: node\n    static_configs: [{targets: ['a:1']}]\n");
        put("rules.yml",
            "groups:\n- name: g\n  interval: 10s\n  rules:\n"
            "  - {record: 'work:rate5m', expr: 'rate(work_total[5m])'}\n");
        put("alertmanager.yml", "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n");
        targets.handle([this](const HttpRequest&) {
            return fakes::FakeAnswer::ok(fmt::format("work_total {}\n", kPerSecond * static_cast<double>(elapsed() / 1s)))
                .header("Content-Type", "text/plain; version=0.0.4");
        });
    }
    ~CountingWorld() { app.reset(); }

    /// What the daemon has of the counter.
    Values counted() { return values_of("work_total[5m]"); }
    /// Of the last five minutes; nothing with less than two samples.
    std::optional<double> rate() {
        const Json answer = *parse_json(server.get("/api/v1/query?query=rate(work_total[5m])")->body);
        const Json result = answer.at("data").at("result");
        if (result.items().empty()) return std::nullopt;
        return parse_float(result.at(0).at("value").at(1).as_string());
    }
    Values values_of(const std::string& selector) {
        const Json answer = *parse_json(server.get("/api/v1/query?query=" + selector)->body);
        Values values;
        const Json result = answer.at("data").at("result");
        for (const Json& series : result.items()) {
            for (const Json& point : series.at("values").items()) {
                values[static_cast<std::int64_t>(point.at(0).as_number() * 1000)] =
                    parse_float(point.at(1).as_string()).value();
            }
        }
        return values;
    }
};

/// What a daemon that was killed has left, and from which byte of which segment on the disk had each of its samples.
struct Remains {
    struct Sample {
        std::int64_t time;
        std::string segment;
        std::size_t end;
    };

    std::map<std::string, std::string> files;
    std::vector<Sample> samples;
    Values values;
    Duration age{0};

    const std::string& last_segment() const { return samples.back().segment; }
};

void note_sample(CountingWorld& world, Remains& remains) {
    const Values counted = world.counted();
    const std::vector<std::string> files = world.disk.files();
    const auto segment = std::ranges::find_if(
        files.rbegin(), files.rend(), [](const std::string& path) { return path.ends_with(".scrapes"); });
    REQUIRE(segment != files.rend());
    remains.samples.push_back({counted.rbegin()->first, *segment, world.disk.content(*segment)->size()});
}

/// Two lives of two minutes, of a segment each.
Remains remains_of_two_lives() {
    CountingWorld world;
    Remains remains;
    for (int life = 0; life < 2; ++life) {
        REQUIRE(world.start());
        world.advance(5s);  // between two ticks
        note_sample(world, remains);
        for (int tick = 0; tick < 12; ++tick) {
            world.advance(10s);
            note_sample(world, remains);
        }
        world.advance(3s);
        remains.values = world.counted();
        world.app.reset();
    }
    remains.age = world.elapsed();
    for (const std::string& path : world.disk.files()) {
        if (path.starts_with(kStorage)) remains.files[path] = *world.disk.content(path);
    }
    return remains;
}

struct Damage {
    std::string segment;
    std::size_t at;
    std::string kind;
};

/// Cuts off, flips, overwrites or takes out bytes of a segment at random, as disks, file systems and people do it.
Damage damage_segment(Remains& remains, Random& random) {
    const std::string segment = remains.samples[random.next() % remains.samples.size()].segment;
    std::string& bytes = remains.files.at(segment);
    const std::size_t at = random.next() % bytes.size();
    const std::size_t count = std::min<std::size_t>(1 + random.next() % 64, bytes.size() - at);
    const std::string before = bytes;
    std::string kind;
    switch (random.next() % 5) {
        case 0:
            kind = "cut off";
            bytes.resize(at);
            break;
        case 1:
            kind = "flipped";
            bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1 + random.next() % 255));
            break;
        case 2:
            kind = "zeroes to the end";
            std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(), '\0');
            break;
        case 3:
            kind = "garbage";
            for (std::size_t i = at; i < at + count; ++i) bytes[i] = static_cast<char>(random.next());
            break;
        default:
            kind = "taken out";
            bytes.erase(at, count);
    }
    const auto differs = std::ranges::mismatch(before, bytes).in1 - before.begin();
    return {segment, static_cast<std::size_t>(differs), kind};
}

/// At the moment at which the daemon was killed.
void put_remains(const Remains& remains, CountingWorld& world) {
    world.advance(remains.age);
    for (const auto& [path, bytes] : remains.files) world.disk.put(path, bytes);
}

void check_kept(const Remains& remains, const Damage& damage, const Values& kept) {
    for (const Remains::Sample& sample : remains.samples) {
        if (sample.segment == damage.segment && sample.end > damage.at) continue;
        REQUIRE(kept.contains(sample.time));
    }
    for (const auto& [time, value] : kept) {
        REQUIRE(remains.values.contains(time));
        REQUIRE(value == remains.values.at(time));
    }
}

/// Whether something was dropped; the log and the metric agree about it, and name the place.
bool is_told(CountingWorld& world, const Damage& damage) {
    const double bytes = world.app->metrics().counter("tocsin_scrape_log_damaged_bytes_total", "").get();
    const auto messages = world.log.messages();
    const auto told = std::ranges::find(messages, kDamageTold, &fakes::RecordingLog::Message::message);
    REQUIRE((bytes > 0) == (told != messages.end()));
    if (told == messages.end()) return false;
    REQUIRE(told->fields.front().first == "what");
    REQUIRE_THAT(told->fields.front().second,
                 Catch::Contains(damage.segment + ": ") && Catch::Contains(" at byte "));
    return true;
}

}  // namespace

TEST_CASE("on a log of scrapes that is damaged anywhere the daemon starts, keeps what lies before and goes on",
          "[daemon][damaged-log]") {
    const Remains whole = remains_of_two_lives();
    REQUIRE(whole.values.size() == whole.samples.size());
    REQUIRE(whole.samples.front().segment != whole.last_segment());
    SeededRandom random(20260301);
    int told = 0, lost = 0;
    for (int round = 0; round < tests::rounds(500); ++round) {
        Remains remains = whole;
        const Damage damage = damage_segment(remains, random);
        CAPTURE(round, damage.segment, damage.at, damage.kind);
        CountingWorld world;
        put_remains(remains, world);
        const auto started = world.start();
        REQUIRE(started);
        REQUIRE(started->ok());

        const Values kept = world.counted();
        check_kept(whole, damage, kept);
        const bool is_damaged = is_told(world, damage);
        REQUIRE((is_damaged || damage.kind == "cut off"));
        told += is_damaged ? 1 : 0;
        lost += kept.size() < whole.values.size() ? 1 : 0;

        // The window reaches over the restart with the first scrape.
        world.advance(10s);
        const Values now = world.counted();
        REQUIRE(now.size() == kept.size() + 1);
        REQUIRE(world.rate().has_value() == !kept.empty());
        if (!kept.empty()) {
            const double increase = now.rbegin()->second - now.begin()->second;
            REQUIRE(*world.rate() >= increase / 300);
            REQUIRE(*world.rate() <= kPerSecond);
        }

        world.advance(30s);
        const Values before_the_end = world.counted();
        REQUIRE(before_the_end.size() == now.size() + 3);
        REQUIRE(world.app->metrics().gauge("tocsin_scrape_log_healthy", "").get() == 1);
        world.app.reset();
        REQUIRE(world.start());
        REQUIRE(world.counted() == before_the_end);
    }
    CHECK(told > tests::rounds(450));
    CHECK(lost > tests::rounds(300));
}
