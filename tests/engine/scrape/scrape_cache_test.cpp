#include "engine/scrape/scrape_cache.h"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <random>
#include <string>

#include "base/sample.h"
#include "base/text.h"
#include "tests/catch.h"

using namespace tocsin;

namespace {

Wanted everything() {
    return Wanted({}, true, Duration{0});
}

Wanted only(std::vector<std::string> names) {
    std::vector<Wanted::Selector> selectors;
    for (std::string& name : names) {
        selectors.push_back({std::make_shared<const Matchers>(Matchers{Matcher::equal("__name__", std::move(name))}),
                             Duration(std::chrono::minutes(5))});
    }
    return Wanted(selectors, false, Duration{0});
}

using Samples = std::map<std::string, double>;

/// One target that is scraped again and again, with what the store would know of it.
class Scraped {
public:
    explicit Scraped(Wanted wanted) : wanted_(std::move(wanted)) {
        config.job_name = "j";
        target.labels = {{"instance", "i"}, {"job", "j"}};
    }

    ScrapeReading read(const std::string& body) {
        ScrapeSource all = source;
        all.body = body;
        all.known = &lines_;
        all.wanted = &wanted_;
        all.config = &config;
        all.target = &target;
        all.hash_seed = 7;
        ScrapeReading reading = read_scrape(all);
        check_known(read_known_scrape(all), reading);
        if (!reading.error.empty() || !reading.changed) return reading;
        std::vector<LabelSet> labels;
        auto born = reading.born.begin();
        for (const SeriesSlot from : reading.from) {
            labels.push_back(from == kNoSlot ? (born++)->labels : labels_[from]);
        }
        CHECK(born == reading.born.end());
        labels_ = std::move(labels);
        lines_ = reading.lines;
        return reading;
    }

    /// The value of each series that has one, by labels.
    Samples samples(const ScrapeReading& reading) const {
        Samples found;
        REQUIRE(reading.values.size() == labels_.size());
        for (SeriesSlot slot = 0; slot < labels_.size(); ++slot) {
            if (!is_absent(reading.values[slot])) found[short_name(labels_[slot])] = reading.values[slot];
        }
        for (const auto& sample : reading.timed) {
            found[short_name(labels_[sample.slot]) + "@" + std::to_string(to_unix_ms(sample.time))] = sample.value;
        }
        return found;
    }

    static std::string short_name(const LabelSet& labels) { return to_string(labels.without({"instance", "job"})); }

    ScrapeConfig config;
    Target target;
    ScrapeSource source;

private:
    // Absent unless the lines are the known ones, and otherwise the same.
    static void check_known(const std::optional<ScrapeReading>& known, const ScrapeReading& whole) {
        REQUIRE(known.has_value() == (whole.error.empty() && !whole.changed));
        if (!known) return;
        CHECK(std::ranges::equal(known->values, whole.values, {}, as_bits, as_bits));
        CHECK(known->timed.size() == whole.timed.size());
        CHECK(known->samples == whole.samples);
        CHECK(known->prefix_hits == whole.prefix_hits);
        CHECK(known->lines_skipped == whole.lines_skipped);
    }
    static std::uint64_t as_bits(double value) { return std::bit_cast<std::uint64_t>(value); }

    Wanted wanted_;
    ScrapeLines lines_;
    std::vector<LabelSet> labels_;
};

}  // namespace

TEST_CASE("the second scrape of the same lines reads values only", "[engine][scrape][cache]") {
    Scraped scraped(everything());
    const auto first = scraped.read("# TYPE a counter\na{x=\"1\"} 1\na{x=\"2\"} 2\nb 3\n");
    CHECK(first.changed);
    CHECK(first.born.size() == 3);
    CHECK(to_string(first.born[0].labels) == R"(a{instance="i", job="j", x="1"})");
    CHECK(scraped.samples(first) == Samples{{"a{x=\"1\"}", 1}, {"a{x=\"2\"}", 2}, {"b", 3}});

    const auto second = scraped.read("# TYPE a counter\na{x=\"1\"} 10\na{x=\"2\"} 20\nb 30\n");
    CHECK_FALSE(second.changed);
    CHECK(second.prefix_hits == 3);
    CHECK(second.prefix_misses == 0);
    CHECK(scraped.samples(second) == Samples{{"a{x=\"1\"}", 10}, {"a{x=\"2\"}", 20}, {"b", 30}});
}

TEST_CASE("lines that come, go and move are found again", "[engine][scrape][cache]") {
    struct Case {
        std::string before, after;
        Samples want;
        std::uint64_t misses;
    };
    const auto [before, after, want, misses] = GENERATE(values<Case>({
        {"a 1\nb 2\nc 3\n", "a 1\nx 9\nb 2\nc 3\n", {{"a", 1}, {"b", 2}, {"c", 3}, {"x", 9}}, 1},
        {"a 1\nb 2\nc 3\n", "a 1\nc 3\n", {{"a", 1}, {"c", 3}}, 0},
        {"a 1\nb 2\nc 3\n", "b 2\nc 3\n", {{"b", 2}, {"c", 3}}, 0},
        {"a 1\nb 2\nc 3\n", "a 1\nb 2\n", {{"a", 1}, {"b", 2}}, 0},
        {"a 1\nb 2\nc 3\n", "c 3\nb 2\na 1\n", {{"a", 1}, {"b", 2}, {"c", 3}}, 0},
        {"a 1\nb 2\nc 3\n", "", {}, 0},
        {"", "a 1\n", {{"a", 1}}, 1},
        {"a 1\n", "a{} 5\n", {{"a", 5}}, 1},
        {"a 1\nab 2\n", "ab 2\na 1\n", {{"a", 1}, {"ab", 2}}, 0},
        {"# TYPE h histogram\nh_bucket{le=\"1\"} 1\n",
         "# TYPE h gauge\nh_bucket{le=\"1\"} 1\n",
         {{"h_bucket{le=\"1\"}", 1}},
         1},
        {"# TYPE h gauge\nh_bucket{le=\"1\"} 1\n",
         "# TYPE h histogram\nh_bucket{le=\"1\"} 1\n",
         {{"h_bucket{le=\"1.0\"}", 1}},
         1},
    }));
    CAPTURE(before, after);
    Scraped scraped(everything());
    scraped.read(before);
    const auto reading = scraped.read(after);
    CHECK(reading.error.empty());
    CHECK(reading.changed == (before != after));
    CHECK(scraped.samples(reading) == want);
    CHECK(reading.prefix_misses == misses);
    const auto again = scraped.read(after);
    CHECK_FALSE(again.changed);
    CHECK(scraped.samples(again) == want);
}

TEST_CASE("blank lines are of no account", "[engine][scrape][cache]") {
    Scraped scraped(everything());
    scraped.read("a 1\n\n\nb 2\n\n");
    const auto reading = scraped.read("\na 3\nb 4\n");
    CHECK_FALSE(reading.changed);
    CHECK(scraped.samples(reading) == Samples{{"a", 3}, {"b", 4}});
}

TEST_CASE("lines of metrics that nobody wants are passed over unread", "[engine][scrape][cache]") {
    Scraped scraped(only({"b"}));
    const std::string body = "# HELP a x\na{bad labels 1\na 2\n# TYPE b gauge\nb 3\nc_count 1\nc_sum{x=\"y\"} 2\n";
    for (int i = 0; i < 3; ++i) {
        const auto reading = scraped.read(body);
        CHECK(reading.error.empty());
        CHECK(reading.changed == (i == 0));
        CHECK(scraped.samples(reading) == Samples{{"b", 3}});
        CHECK(reading.lines_skipped == 4);
        CHECK(reading.samples == 5);
        CHECK(reading.prefix_hits == (i == 0 ? 0 : 1));
        REQUIRE(reading.metadata.size() == (i == 0 ? 1 : 0));
    }
    // More lines of the same metric are no news; one that nobody has seen is.
    CHECK_FALSE(
        scraped.read("# HELP a x\na 1\na 2\na 3\na 4\n# TYPE b gauge\nb 3\nc_count 1\nc_sum 2\nc_sum 3\n").changed);
    CHECK(scraped.read("# HELP a x\na 1\n# TYPE b gauge\nd 1\nb 3\nc_count 1\nc_sum 2\n").changed);
    const auto reading = scraped.read("# HELP a x\na 1\n# TYPE b gauge\nd 1\nb 4\nc_count 1\nc_sum 2\n");
    CHECK_FALSE(reading.changed);
    CHECK(scraped.samples(reading) == Samples{{"b", 4}});
}

TEST_CASE("a series that no selection takes is remembered without a slot", "[engine][scrape][cache]") {
    std::vector<Wanted::Selector> selectors{
        {std::make_shared<const Matchers>(Matchers{Matcher::equal("__name__", "a"), Matcher::equal("x", "1")}),
         Duration{1}}};
    Scraped scraped(Wanted(selectors, false, Duration{0}));
    scraped.read("a{x=\"1\"} 1\na{x=\"2\"} 2\n");
    const auto reading = scraped.read("a{x=\"1\"} 5\na{x=\"2\"} 6\n");
    CHECK_FALSE(reading.changed);
    CHECK(scraped.samples(reading) == Samples{{"a{x=\"1\"}", 5}});
    CHECK(reading.prefix_hits == 2);
    CHECK(reading.samples == 2);
}

TEST_CASE("of two samples of a series without timestamps the first one counts", "[engine][scrape][cache]") {
    Scraped scraped(everything());
    for (int i = 0; i < 3; ++i) {
        const auto reading = scraped.read("a 1\na 2\nb 3\na 4\n");
        CHECK(reading.duplicates == 2);
        CHECK(scraped.samples(reading) == Samples{{"a", 1}, {"b", 3}});
        CHECK(reading.changed == (i == 0));
    }
}

TEST_CASE("timestamps are honoured or not", "[engine][scrape][cache]") {
    Scraped scraped(everything());
    CHECK(scraped.samples(scraped.read("a 1 1000\na 2 2000\nb 3\n")) ==
          Samples{{"a@1000", 1}, {"a@2000", 2}, {"b", 3}});
    const auto again = scraped.read("a 1 3000\na 2 4000\nb 3\n");
    CHECK_FALSE(again.changed);
    CHECK(scraped.samples(again) == Samples{{"a@3000", 1}, {"a@4000", 2}, {"b", 3}});
    scraped.config.honor_timestamps = false;
    CHECK(scraped.samples(scraped.read("a 1 1000\nb 3\n")) == Samples{{"a", 1}, {"b", 3}});
}

TEST_CASE("relabelling may drop, change and rename series", "[engine][scrape][cache]") {
    Scraped scraped(only({"b", "c"}));
    scraped.config.metric_relabel_configs = {
        *RelabelConfig::create({.source_labels = {"x"}, .regex = "no", .action = RelabelAction::Drop}),
        *RelabelConfig::create(
            {.source_labels = {"__name__"}, .regex = "a", .target_label = "__name__", .replacement = "c"}),
        *RelabelConfig::create({.regex = "y", .action = RelabelAction::LabelDrop}),
    };
    for (int i = 0; i < 2; ++i) {
        const auto reading = scraped.read("a{y=\"1\"} 1\nb{x=\"no\"} 2\nb{x=\"yes\"} 3\nd 4\n");
        CHECK(scraped.samples(reading) == Samples{{"c", 1}, {"b{x=\"yes\"}", 3}});
        CHECK(reading.samples == 4);
        CHECK(reading.samples_relabelled == 3);
        CHECK(reading.lines_skipped == 0);
    }
}

TEST_CASE("a body that breaks a rule or a limit fails as a whole", "[engine][scrape][cache]") {
    struct Case {
        std::string body;
        ScrapeLimits limits;
        std::string error;
        std::size_t line;
    };
    const auto [body, limits, error, line] = GENERATE(values<Case>({
        {"a 1\nb x\n", {}, "strconv.ParseFloat: parsing \"x\": invalid syntax while parsing: \"b x\"", 2},
        {"a{x=\"1\",x=\"2\"} 1\n", {}, "label name \"x\" is not unique: invalid sample", 0},
        {"a 1\nb 1\nc 1\n", {.samples = 2}, "more than 2 samples", 0},
        {"a 1\nb 1\nc 1\n", {.samples_configured = 2}, "sample limit exceeded", 0},
        {"a{x=\"1\"} 1\n", {.labels = 3}, "label_limit exceeded (metric: a, number of labels: 4, limit: 3)", 0},
        {"a{long_name=\"1\"} 1\n",
         {.label_name_bytes = 8},
         "label_name_length_limit exceeded (metric: a, label name: long_name, length: 9, limit: 8)",
         0},
        {"a{x=\"long value\"} 1\n",
         {.label_value_bytes = 8},
         "label_value_length_limit exceeded (metric: a, label name: x, value: \"long value\", length: 10, limit: 8)",
         0},
        {"a{x=\"long value\"} 1\n", {.line_bytes = 10}, "line longer than 10 bytes", 0},
        {"{\"\"} 1\n", {}, "missing metric name (__name__ label)", 0},
    }));
    CAPTURE(body);
    Scraped scraped(everything());
    scraped.source.limits = limits;
    const auto reading = scraped.read(body);
    CHECK(reading.error == error);
    CHECK(reading.error_line == line);
}

TEST_CASE("a limit of samples counts what relabelling leaves", "[engine][scrape][cache]") {
    Scraped scraped(only({"a"}));
    scraped.source.limits.samples_configured = 2;
    CHECK(scraped.read("a 1\nb 1\nb 1\n").error == "sample limit exceeded");
    scraped.config.metric_relabel_configs = {
        *RelabelConfig::create({.source_labels = {"__name__"}, .regex = "b", .action = RelabelAction::Drop})};
    CHECK(scraped.read("a 1\nb 1\nb 1\n").error.empty());
}

TEST_CASE("a body that fails tells how many samples were read", "[engine][scrape][cache]") {
    struct Case {
        std::string body;
        ScrapeLimits limits;
        std::uint64_t samples, relabelled;
        std::string error;
    };
    // As Prometheus 2.42 reports them.
    const auto [body, limits, samples, relabelled, error] = GENERATE(values<Case>({
        {"a 1\nb 1\nc 1\nd 1\ne 1\n", {.samples_configured = 2}, 5, 5, "sample limit exceeded"},
        {"a 1\nb 1\nno 1\nc 1\nno{y=\"1\"} 1\nd 1\n", {.samples_configured = 2}, 6, 4, "sample limit exceeded"},
        {"a 1\nb 1\nc 1\nd 1\ne x\n",
         {.samples_configured = 2},
         4,
         4,
         "strconv.ParseFloat: parsing \"x\": invalid syntax while parsing: \"e x\""},
        {"a 1\nb 1\nc 1\nd{x=\"long value\"} 1\ne 1\n",
         {.samples_configured = 2, .label_value_bytes = 8},
         4,
         3,
         "label_value_length_limit exceeded (metric: d, label name: x, value: \"long value\", length: 10, limit: 8)"},
        {"a 1\nb 1\nc x\nd 1\n", {}, 2, 2, "strconv.ParseFloat: parsing \"x\": invalid syntax while parsing: \"c x\""},
        {"a{x=\"1\"} 1\nb 1\n", {.labels = 3}, 1, 0, "label_limit exceeded (metric: a, number of labels: 4, limit: 3)"},
    }));
    CAPTURE(body);
    Scraped scraped(everything());
    scraped.config.metric_relabel_configs = {
        *RelabelConfig::create({.source_labels = {"__name__"}, .regex = "no", .action = RelabelAction::Drop})};
    scraped.source.limits = limits;
    const auto reading = scraped.read(body);
    CHECK(reading.error == error);
    CHECK(reading.samples == samples);
    CHECK(reading.samples_relabelled == relabelled);
}

TEST_CASE("what is beyond the limit is counted against the lines of before too", "[engine][scrape][cache]") {
    Scraped scraped(only({"a", "c"}));
    const std::string body = "# TYPE a gauge\na 1\nb 1\nb{x=\"1\"} 1\nc 1\nd 1\n";
    CHECK(scraped.read(body).samples == 5);
    scraped.source.limits.samples_configured = 2;
    const auto reading = scraped.read(body);
    CHECK(reading.error == "sample limit exceeded");
    CHECK(reading.over_sample_limit);
    CHECK(reading.samples == 5);
    CHECK(reading.samples_relabelled == 5);
}

TEST_CASE("a scrape read against the one before gives what it gives alone", "[engine][scrape][cache]") {
    std::mt19937 random(42);
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    std::vector<std::string> lines;
    const auto new_line = [&] {
        static const std::vector<std::string> kNames{"a", "ab", "b", "unwanted", "unwanted_too", "h_bucket"};
        switch (below(12)) {
            case 0:
                return "# TYPE h " + std::string(below(2) == 0 ? "histogram" : "gauge");
            case 1:
                return "# HELP a " + std::to_string(below(5));
            case 2:
                return std::string();
            case 3:
                return "{\"quoted " + std::to_string(below(3)) + "\"}";
            case 4:
                return "b{i=\"" + std::to_string(below(40)) + "\" }";
            default:
                break;
        }
        const std::string name = kNames[below(kNames.size())];
        if (name == "h_bucket") return "h_bucket{le=\"" + std::to_string(below(4)) + "\"}";
        return name + "{i=\"" + std::to_string(below(60)) + "\"}";
    };
    std::vector<std::string> wanted{"a", "ab", "b", "h_bucket", "quoted 1"};
    Scraped scraped(only(wanted));
    for (int round = 0; round < 400; ++round) {
        for (std::size_t i = below(6); i > 0; --i)
            lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(below(lines.size() + 1)), new_line());
        for (std::size_t i = below(5); i > 0 && !lines.empty(); --i)
            lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(below(lines.size())));
        if (below(10) == 0 && lines.size() > 2) std::swap(lines[below(lines.size())], lines[below(lines.size())]);
        if (below(50) == 0) std::shuffle(lines.begin(), lines.end(), random);
        std::string body;
        for (const std::string& line : lines) {
            const bool is_sample = !line.empty() && line[0] != '#';
            body += line + (is_sample ? " " + std::to_string(below(1000)) : "") +
                    (is_sample && below(30) == 0 ? " 1000" : "") + "\n";
        }
        CAPTURE(round, body);
        const auto reading = scraped.read(body);
        Scraped fresh(only(wanted));
        const auto alone = fresh.read(body);
        REQUIRE(reading.error == alone.error);
        REQUIRE(scraped.samples(reading) == fresh.samples(alone));
        REQUIRE(reading.samples == alone.samples);
        REQUIRE(reading.lines_skipped == alone.lines_skipped);
    }
}
