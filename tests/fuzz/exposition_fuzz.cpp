#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/sample.h"
#include "engine/scrape/scrape_cache.h"
#include "parser/exposition.h"
#include "parser/exposition_report.h"

using namespace tocsin;

namespace {

using Entry = ExpositionParser::Entry;

// However a line is read, the same comes of it.
void compare_paces(std::string_view body, ExpositionFormat format) {
    ExpositionParser fast(body, format);
    ExpositionParser slow(body, format, ExpositionParser::Pace::ByTheBook);
    for (;;) {
        const Entry entry = fast.next();
        TOCSIN_ASSERT(entry == slow.next());
        if (entry == Entry::End) return;
        if (entry == Entry::Error) {
            TOCSIN_ASSERT(fast.error() == slow.error() && fast.error_line() == slow.error_line());
            return;
        }
        TOCSIN_ASSERT(fast.position() == slow.position());
        if (entry != Entry::Sample) continue;
        TOCSIN_ASSERT(fast.prefix() == slow.prefix() && fast.labels() == slow.labels());
        TOCSIN_ASSERT(std::bit_cast<std::uint64_t>(fast.value()) == std::bit_cast<std::uint64_t>(slow.value()));
        TOCSIN_ASSERT(fast.has_timestamp() == slow.has_timestamp());
        TOCSIN_ASSERT(!fast.has_timestamp() || fast.timestamp_ms() == slow.timestamp_ms());
    }
}

struct Scraped {
    ScrapeConfig config;
    Target target;
    Wanted wanted;
    ScrapeLines lines;
    std::vector<LabelSet> labels;

    ScrapeReading read(std::string_view body, ExpositionFormat format) {
        ScrapeSource source;
        source.body = body;
        source.format = format;
        source.known = &lines;
        source.wanted = &wanted;
        source.config = &config;
        source.target = &target;
        source.limits.line_bytes = 1 << 20;
        ScrapeReading reading = read_scrape(source);
        const std::optional<ScrapeReading> known = read_known_scrape(source);
        TOCSIN_ASSERT(known.has_value() == (reading.error.empty() && !reading.changed));
        TOCSIN_ASSERT(!known || known->samples == reading.samples);
        if (!reading.error.empty() || !reading.changed) return reading;
        std::vector<LabelSet> now;
        auto born = reading.born.begin();
        for (const SeriesSlot from : reading.from) now.push_back(from == kNoSlot ? (born++)->labels : labels.at(from));
        TOCSIN_ASSERT(born == reading.born.end() && now.size() == reading.values.size());
        labels = std::move(now);
        lines = reading.lines;
        return reading;
    }
};

std::vector<std::pair<LabelSet, std::uint64_t>> samples(const Scraped& scraped, const ScrapeReading& reading) {
    std::vector<std::pair<LabelSet, std::uint64_t>> found;
    for (std::size_t slot = 0; slot < reading.values.size(); ++slot) {
        if (!is_absent(reading.values[slot]))
            found.emplace_back(scraped.labels[slot], std::bit_cast<std::uint64_t>(reading.values[slot]));
    }
    std::sort(found.begin(), found.end());
    return found;
}

// What is remembered of the first part changes nothing about what is read of the whole, or of the rest.
void compare_scrapes(std::string_view body, ExpositionFormat format, const Wanted& wanted) {
    const std::size_t middle = body.find('\n', body.size() / 2);
    const std::string_view first = body.substr(0, middle == std::string_view::npos ? body.size() : middle + 1);
    const std::string_view rest = body.substr(first.size());
    Scraped scraped{.config = {}, .target = {}, .wanted = wanted, .lines = {}, .labels = {}};
    scraped.target.labels = {{"job", "j"}};
    for (const std::string_view part : {first, body, rest, body, body}) {
        Scraped fresh{.config = {}, .target = scraped.target, .wanted = wanted, .lines = {}, .labels = {}};
        const ScrapeReading alone = fresh.read(part, format);
        const ScrapeReading reading = scraped.read(part, format);
        // A known line that nobody wants is not read again, so it cannot be an error any more.
        if (!alone.error.empty() || !reading.error.empty()) continue;
        TOCSIN_ASSERT(reading.samples == alone.samples);
        TOCSIN_ASSERT(reading.timed.size() == alone.timed.size());
        // Two ways to write one series may come in another order.
        if (alone.duplicates == 0 && reading.duplicates == 0)
            TOCSIN_ASSERT(samples(scraped, reading) == samples(fresh, alone));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    static const Wanted everything({}, true, Duration{0});
    static const Wanted some(
        {{std::make_shared<const Matchers>(Matchers{Matcher::equal("__name__", "a")}), Duration{1}}}, false,
        Duration{0});
    for (const ExpositionFormat format : {ExpositionFormat::PrometheusText, ExpositionFormat::OpenMetrics}) {
        compare_paces(body, format);
        compare_scrapes(body, format, everything);
        compare_scrapes(body, format, some);
    }
    static_cast<void>(exposition_report("text/plain", body));
    return 0;
}
