#include "parser/template/time_methods.h"

#include <array>
#include <limits>

#include <fmt/format.h>

#include "base/duration.h"
#include "parser/template/go_calendar.h"
#include "parser/template/types.h"

namespace tocsin::templates {
namespace {

constexpr std::int64_t kMicrosecond = 1'000;
constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDurationMax = std::numeric_limits<std::int64_t>::max();

using Answer = Result<Value>;

const GoTime& self_time(const Call& call) {
    return call.self.as_time();
}
std::int64_t self_duration(const Call& call) {
    return call.self.as_int();
}

Answer number(std::int64_t value) {
    return Value::integer(value);
}
Answer duration(std::int64_t value) {
    return Value::integer(value, types::duration);
}
Answer int64(std::int64_t value) {
    return Value::integer(value, types::integer64);
}
Answer boolean(bool value) {
    return Value::boolean(value);
}

Answer time_text_of_self(Call& call) {
    std::string out;
    call.self.type()->append_text(call.self, out);
    return call.keep_text(out);
}

Answer keep(Call& call, GoTime time, GoZone zone) {
    time.zone = std::move(zone);
    return Value::time(call.arena.keep(std::move(time)));
}

// Seconds since 1970 in a smaller unit. What does not fit wraps around in Go; here it stays at the limit.
std::int64_t unix_in(const GoTime& time, std::int64_t per_second) {
    std::int64_t units = 0;
    if (__builtin_mul_overflow(time.seconds, per_second, &units))
        return time.seconds < 0 ? -kDurationMax - 1 : kDurationMax;
    return units + time.nanoseconds / (kSecond / per_second);
}

// A duration cut to a multiple of `unit`, and what was cut off.
struct Cut {
    std::int64_t whole;
    std::int64_t rest;
};
Cut cut(std::int64_t value, std::int64_t unit) {
    return {value - value % unit, value % unit};
}

// Half goes away from zero; what would not fit stays as large as it can be.
std::int64_t rounded(std::int64_t value, std::int64_t unit) {
    if (unit <= 0) return value;
    const auto [whole, rest] = cut(value, unit);
    const bool up = (rest < 0 ? -rest : rest) >= unit - (rest < 0 ? -rest : rest);
    if (!up) return whole;
    std::int64_t sum = 0;
    if (__builtin_add_overflow(whole, value < 0 ? -unit : unit, &sum))
        return value < 0 ? -kDurationMax - 1 : kDurationMax;
    return sum;
}

// Nanoseconds since the last multiple of `unit` counted from the year 1.
std::int64_t since_multiple(const GoTime& time, std::int64_t unit) {
    __extension__ using Wide = __int128;
    const Wide since_zero = static_cast<Wide>(time.seconds - GoTime::kZeroSeconds) * kSecond + time.nanoseconds;
    const auto rest = static_cast<std::int64_t>(since_zero % unit);
    return rest < 0 ? rest + unit : rest;
}

Answer time_truncate(Call& call) {
    const std::int64_t unit = call.arguments[0].as_int();
    const GoTime& time = self_time(call);
    return keep(call, unit <= 0 ? time : time.plus(-since_multiple(time, unit)), time.zone);
}

Answer time_round(Call& call) {
    const std::int64_t unit = call.arguments[0].as_int();
    const GoTime& time = self_time(call);
    if (unit <= 0) return keep(call, time, time.zone);
    const std::int64_t rest = since_multiple(time, unit);
    return keep(call, rest >= unit - rest ? time.plus(unit - rest) : time.plus(-rest), time.zone);
}

Answer time_add_date(Call& call) {
    constexpr std::int64_t kMost = 100'000;
    for (const Value& argument : call.arguments) {
        if (argument.as_int() > kMost || argument.as_int() < -kMost) return fail_call("argument out of range");
    }
    const GoTime& time = self_time(call);
    const GoCivil civil = time.civil();
    return keep(call,
                go_date(civil.year + call.arguments[0].as_int(),
                        static_cast<std::int64_t>(civil.month) + call.arguments[1].as_int(),
                        static_cast<std::int64_t>(civil.day) + call.arguments[2].as_int(), time),
                time.zone);
}

GoZone utc() {
    return {};
}

const Type* const time_type = &types::time;
const Type* const int_type = &types::integer;
const Type* const int64_type = &types::integer64;
const Type* const bool_type = &types::boolean;
const Type* const text_type = &types::string;
const Type* const float_type = &types::float64;
const Type* const duration_type = &types::duration;

const std::array<Function, 34> kTimeMethods = {{
    {"Add",
     {duration_type},
     false,
     time_type,
     [](Call& call) { return keep(call, self_time(call).plus(call.arguments[0].as_int()), self_time(call).zone); }},
    {"AddDate", {int_type, int_type, int_type}, false, time_type, time_add_date},
    {"After",
     {time_type},
     false,
     bool_type,
     [](Call& call) { return boolean(self_time(call).compare(call.arguments[0].as_time()) > 0); }},
    {"Before",
     {time_type},
     false,
     bool_type,
     [](Call& call) { return boolean(self_time(call).compare(call.arguments[0].as_time()) < 0); }},
    {"Clock", {}, false, nullptr, nullptr, Function::Form::ManyResults},
    {"Compare",
     {time_type},
     false,
     int_type,
     [](Call& call) { return number(self_time(call).compare(call.arguments[0].as_time())); }},
    {"Date", {}, false, nullptr, nullptr, Function::Form::ManyResults},
    {"Day", {}, false, int_type, [](Call& call) { return number(self_time(call).civil().day); }},
    {"Equal",
     {time_type},
     false,
     bool_type,
     [](Call& call) { return boolean(self_time(call).compare(call.arguments[0].as_time()) == 0); }},
    {"Format",
     {text_type},
     false,
     text_type,
     [](Call& call) -> Answer { return call.keep_text(self_time(call).format(call.text(0))); }},
    {"Hour", {}, false, int_type, [](Call& call) { return number(self_time(call).civil().hour); }},
    {"ISOWeek", {}, false, nullptr, nullptr, Function::Form::ManyResults},
    {"In",
     {&types::location},
     false,
     time_type,
     [](Call& call) { return keep(call, self_time(call), call.arguments[0].as_location()); }},
    {"IsZero", {}, false, bool_type, [](Call& call) { return boolean(self_time(call).is_zero()); }},
    // The machine's own zone is nobody's business: UTC, as the originals run in a container.
    {"Local", {}, false, time_type, [](Call& call) { return keep(call, self_time(call), utc()); }},
    {"Location",
     {},
     false,
     &types::location,
     [](Call& call) -> Answer { return Value::location(self_time(call).zone); }},
    {"Minute", {}, false, int_type, [](Call& call) { return number(self_time(call).civil().minute); }},
    {"Month",
     {},
     false,
     &types::month,
     [](Call& call) -> Answer { return Value::integer(self_time(call).civil().month, types::month); }},
    {"Nanosecond", {}, false, int_type, [](Call& call) { return number(self_time(call).nanoseconds); }},
    {"Round", {duration_type}, false, time_type, time_round},
    {"Second", {}, false, int_type, [](Call& call) { return number(self_time(call).civil().second); }},
    {"String", {}, false, text_type, time_text_of_self},
    {"Sub",
     {time_type},
     false,
     duration_type,
     [](Call& call) { return duration(self_time(call).minus(call.arguments[0].as_time())); }},
    {"Truncate", {duration_type}, false, time_type, time_truncate},
    {"UTC", {}, false, time_type, [](Call& call) { return keep(call, self_time(call), utc()); }},
    {"Unix", {}, false, int64_type, [](Call& call) { return int64(self_time(call).seconds); }},
    {"UnixMicro",
     {},
     false,
     int64_type,
     [](Call& call) { return int64(unix_in(self_time(call), kMicrosecond * 1000)); }},
    {"UnixMilli", {}, false, int64_type, [](Call& call) { return int64(unix_in(self_time(call), 1000)); }},
    {"UnixNano", {}, false, int64_type, [](Call& call) { return int64(unix_in(self_time(call), kSecond)); }},
    {"Weekday",
     {},
     false,
     &types::weekday,
     [](Call& call) -> Answer { return Value::integer(self_time(call).civil().weekday, types::weekday); }},
    {"Year", {}, false, int_type, [](Call& call) { return number(self_time(call).civil().year); }},
    {"YearDay", {}, false, int_type, [](Call& call) { return number(self_time(call).civil().year_day); }},
    {"Zone", {}, false, nullptr, nullptr, Function::Form::ManyResults},
    {"ZoneBounds", {}, false, nullptr, nullptr, Function::Form::ManyResults},
}};

Answer duration_in(Call& call, std::int64_t unit) {
    const auto [whole, rest] = cut(self_duration(call), unit);
    return Value::number(static_cast<double>(whole / unit) + static_cast<double>(rest) / static_cast<double>(unit));
}

Answer duration_truncate(Call& call) {
    const std::int64_t unit = call.arguments[0].as_int();
    return duration(unit <= 0 ? self_duration(call) : cut(self_duration(call), unit).whole);
}

Answer duration_abs(Call& call) {
    const std::int64_t value = self_duration(call);
    return duration(value >= 0 ? value : value == -kDurationMax - 1 ? kDurationMax : -value);
}

const std::array<Function, 10> kDurationMethods = {{
    {"Abs", {}, false, duration_type, duration_abs},
    {"Hours", {}, false, float_type, [](Call& call) { return duration_in(call, kHour); }},
    {"Microseconds", {}, false, int64_type, [](Call& call) { return int64(self_duration(call) / kMicrosecond); }},
    {"Milliseconds", {}, false, int64_type, [](Call& call) { return int64(self_duration(call) / kMillisecond); }},
    {"Minutes", {}, false, float_type, [](Call& call) { return duration_in(call, kMinute); }},
    {"Nanoseconds", {}, false, int64_type, [](Call& call) { return int64(self_duration(call)); }},
    {"Round",
     {duration_type},
     false,
     duration_type,
     [](Call& call) { return duration(rounded(self_duration(call), call.arguments[0].as_int())); }},
    {"Seconds", {}, false, float_type, [](Call& call) { return duration_in(call, kSecond); }},
    {"String", {}, false, text_type, time_text_of_self},
    {"Truncate", {duration_type}, false, duration_type, duration_truncate},
}};

const std::array<Function, 1> kTextMethods = {{{"String", {}, false, text_type, time_text_of_self}}};

}  // namespace

std::span<const Function> time_methods() {
    return kTimeMethods;
}
std::span<const Function> duration_methods() {
    return kDurationMethods;
}
std::span<const Function> month_methods() {
    return kTextMethods;
}
std::span<const Function> weekday_methods() {
    return kTextMethods;
}
std::span<const Function> location_methods() {
    return kTextMethods;
}

void append_time(const Value& value, std::string& out) {
    out += value.as_time().to_string();
}

void append_duration(const Value& value, std::string& out) {
    out += to_go_string(std::chrono::nanoseconds(value.as_int()));
}

void append_month(const Value& value, std::string& out) {
    if (value.as_int() >= 1 && value.as_int() <= 12) {
        out += kMonthNames[static_cast<std::size_t>(value.as_int() - 1)];
    } else {
        out += fmt::format("%!Month({})", value.as_int());
    }
}

void append_weekday(const Value& value, std::string& out) {
    if (value.as_int() >= 0 && value.as_int() <= 6) {
        out += kWeekdayNames[static_cast<std::size_t>(value.as_int())];
    } else {
        out += fmt::format("%!Weekday({})", value.as_int());
    }
}

void append_location(const Value& value, std::string& out) {
    const GoZone& zone = value.as_location();
    out += zone.fixed_offset_seconds ? zone.fixed_name : zone.place.name();
}

}  // namespace tocsin::templates
