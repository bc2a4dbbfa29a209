#include "notifiers/time_interval.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {
namespace {

using Range = TimeWindow::Range;

constexpr std::array<std::string_view, 7> kWeekdays = {"sunday",   "monday", "tuesday", "wednesday",
                                                       "thursday", "friday", "saturday"};
constexpr std::array<std::string_view, 12> kMonths = {"january",   "february", "march",    "april",
                                                      "may",       "june",     "july",     "august",
                                                      "september", "october",  "november", "december"};

tl::unexpected<Error> refuse_interval(std::string message) {
    return fail(Error::Kind::InvalidInput, std::move(message));
}

Result<int> parse_number(std::string_view text) {
    int number = 0;
    std::string_view digits = text;
    if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size()) {
        return refuse_interval(fmt::format("strconv.Atoi: parsing {}: invalid syntax", go_quote(text)));
    }
    return number;
}

Result<int> parse_weekday(std::string_view text) {
    const auto found = std::find(kWeekdays.begin(), kWeekdays.end(), text);
    if (found == kWeekdays.end()) return refuse_interval(fmt::format("{} is not a valid weekday", text));
    return static_cast<int>(found - kWeekdays.begin());
}

Result<int> parse_month(std::string_view text) {
    const auto found = std::find(kMonths.begin(), kMonths.end(), text);
    if (found != kMonths.end()) return static_cast<int>(found - kMonths.begin()) + 1;
    const auto number = parse_number(text);
    if (!number) return refuse_interval(fmt::format("{} is not a valid month", text));
    return *number;
}

std::string month_name(int month) {
    if (month < 1 || month > 12) return fmt::format("{}", month);
    return std::string(kMonths[static_cast<std::size_t>(month - 1)]);
}

/// `member` or `member:member`, in any case of letters.
Result<Range> parse_range(std::string_view text, Result<int> (*parse_member)(std::string_view)) {
    const std::string lower = to_lower(text);
    const auto members = split(lower, ':');
    if (members.size() > 2) return refuse_interval(fmt::format("couldn't parse range {}, invalid format", lower));
    TOCSIN_TRY(const int begin, parse_member(members.front()));
    TOCSIN_TRY(const int end, parse_member(members.back()));
    return Range{begin, end};
}

Result<Range> parse_weekdays(std::string_view text) {
    TOCSIN_TRY(const Range range, parse_range(text, parse_weekday));
    if (range.begin > range.end) return refuse_interval("start day cannot be before end day");
    return range;
}

Result<Range> parse_days_of_month(std::string_view text) {
    TOCSIN_TRY(const Range range, parse_range(text, parse_number));
    for (const int day : {range.begin, range.end}) {
        if (day == 0 || day < -31 || day > 31) {
            return refuse_interval(fmt::format("{} is not a valid day of the month: out of range", day));
        }
    }
    if (range.begin < 0 && range.end > 0) return refuse_interval("end day must be negative if start day is negative");
    // Judged as in a month of 28 days: what is empty there is taken for a mistake.
    const auto in_shortest_month = [](int day) { return day < 0 ? 28 + day : day; };
    if (in_shortest_month(range.begin) > in_shortest_month(range.end)) {
        return refuse_interval(fmt::format("end day {} is always before start day {}", range.end, range.begin));
    }
    return range;
}

Result<Range> parse_months(std::string_view text) {
    TOCSIN_TRY(const Range range, parse_range(text, parse_month));
    if (range.begin > range.end) {
        return refuse_interval(
            fmt::format("end month {} is before start month {}", month_name(range.end), month_name(range.begin)));
    }
    return range;
}

Result<Range> parse_years(std::string_view text) {
    TOCSIN_TRY(const Range range, parse_range(text, parse_number));
    if (range.begin > range.end) {
        return refuse_interval(fmt::format("end year {} is before start year {}", range.end, range.begin));
    }
    return range;
}

/// `HH:MM` as minutes of the day; 24:00 is the end of it.
Result<int> parse_minutes(std::string_view text) {
    const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9' ? text[at] - '0' : -1; };
    if (text.size() == 5 && text[2] == ':' && digit(0) >= 0 && digit(1) >= 0 && digit(3) >= 0 && digit(4) >= 0) {
        const int hour = digit(0) * 10 + digit(1);
        const int minute = digit(3) * 10 + digit(4);
        if ((hour < 24 && minute < 60) || (hour == 24 && minute == 0)) return hour * 60 + minute;
    }
    return refuse_interval(fmt::format("couldn't parse timestamp {}, invalid format", text));
}

void read_ranges(ConfigFields& fields, std::string_view key, Result<Range> (*parse)(std::string_view),
                 std::optional<std::vector<Range>>& into) {
    std::vector<std::string> texts;
    if (!fields.read(key, texts)) return;
    into.emplace();
    const YamlNode& list = *fields.get(key);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (auto range = parse(texts[i])) {
            into->push_back(*range);
        } else {
            fields.reading().problem(list.items[i].where, range.error().message);
        }
    }
}

void read_times(ConfigFields& fields, TimeWindow& window) {
    const YamlNode* list = fields.get("times");
    if (list == nullptr || list->is_null()) return;
    window.times.emplace();
    fields.read_each("times", [&](const YamlNode& item) {
        ConfigFields entry(item, "times", fields.reading());
        std::string start, end;
        entry.read("start_time", start);
        entry.read("end_time", end);
        entry.finish();
        if (start.empty() || end.empty()) return entry.report({}, "both start and end times must be provided");
        const auto begin = parse_minutes(start);
        const auto finish = parse_minutes(end);
        if (!begin) return entry.report("start_time", begin.error().message);
        if (!finish) return entry.report("end_time", finish.error().message);
        if (*begin >= *finish) return entry.report("end_time", "start time cannot be equal or greater than end time");
        window.times->push_back({*begin, *finish});
    });
}

TimeWindow read_window(const YamlNode& node, ConfigReading& reading) {
    ConfigFields fields(node, "time interval", reading);
    TimeWindow window;
    read_times(fields, window);
    read_ranges(fields, "weekdays", parse_weekdays, window.weekdays);
    read_ranges(fields, "days_of_month", parse_days_of_month, window.days_of_month);
    read_ranges(fields, "months", parse_months, window.months);
    read_ranges(fields, "years", parse_years, window.years);
    std::string location;
    if (fields.read("location", location) && !location.empty()) {
        if (auto zone = TimeZone::find(location)) {
            window.zone = *zone;
        } else {
            fields.report("location", zone.error().message);
        }
    }
    fields.finish();
    return window;
}

bool holds(const std::optional<std::vector<Range>>& ranges, int value) {
    if (!ranges) return true;
    return std::any_of(ranges->begin(), ranges->end(),
                       [&](const Range& range) { return value >= range.begin && value <= range.end; });
}

bool time_holds(const std::optional<std::vector<Range>>& ranges, int minute) {
    if (!ranges) return true;
    return std::any_of(ranges->begin(), ranges->end(),
                       [&](const Range& range) { return minute >= range.begin && minute < range.end; });
}

bool day_holds(const std::optional<std::vector<Range>>& ranges, int day, int days_in_month) {
    if (!ranges) return true;
    return std::any_of(ranges->begin(), ranges->end(), [&](const Range& range) {
        const auto from_start = [&](int d) { return d < 0 ? days_in_month + d + 1 : d; };
        return day >= from_start(range.begin) && day <= from_start(range.end);
    });
}

}  // namespace

bool TimeWindow::contains(Timestamp t) const {
    const CivilTime civil = zone.civil(t);
    return time_holds(times, civil.hour * 60 + civil.minute) &&
           day_holds(days_of_month, static_cast<int>(civil.day), static_cast<int>(civil.days_in_month)) &&
           holds(months, static_cast<int>(civil.month)) && holds(weekdays, static_cast<int>(civil.weekday)) &&
           holds(years, civil.year);
}

// Full hours are edges too: days begin there, and there clocks are changed for summer.
Timestamp TimeWindow::next_edge(Timestamp t) const {
    const CivilTime civil = zone.civil(t);
    const int minute = civil.hour * 60 + civil.minute;
    int next = (civil.hour + 1) * 60;
    for (const Range& range : times.value_or(std::vector<Range>())) {
        for (const int edge : {range.begin, range.end}) {
            if (edge > minute) next = std::min(next, edge);
        }
    }
    const Duration since_minute = std::chrono::seconds(civil.second) + std::chrono::milliseconds(civil.millisecond);
    return t - since_minute + std::chrono::minutes(next - minute);
}

bool TimeInterval::contains(Timestamp t) const {
    return std::any_of(windows.begin(), windows.end(), [&](const TimeWindow& window) { return window.contains(t); });
}

Timestamp TimeInterval::next_edge(Timestamp t) const {
    Timestamp next = t + std::chrono::hours(1);
    for (const TimeWindow& window : windows) next = std::min(next, window.next_edge(t));
    return next;
}

TimeInterval read_time_interval(const YamlNode& node, std::string_view what, ConfigReading& reading) {
    ConfigFields fields(node, std::string(what), reading);
    TimeInterval interval;
    interval.where = node.where;
    fields.read("name", interval.name);
    if (interval.name.empty()) fields.report({}, fmt::format("missing name in {}", what));
    fields.read_each("time_intervals",
                     [&](const YamlNode& item) { interval.windows.push_back(read_window(item, reading)); });
    fields.finish();
    return interval;
}

}  // namespace tocsin
