#include "daemon/http_server_response.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {

namespace {

constexpr std::pair<int, std::string_view> kReasonPhrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
};

/// Empty when there is no word for it, which HTTP allows.
std::string_view reason_phrase(int status) {
    const auto* const found = std::find_if(std::begin(kReasonPhrases), std::end(kReasonPhrases),
                                           [status](const auto& phrase) { return phrase.first == status; });
    return found == std::end(kReasonPhrases) ? std::string_view() : found->second;
}

bool is_ours(std::string_view name) {
    static constexpr std::array<std::string_view, 6> kOurs = {
        "Date", "Content-Length", "Content-Type", "Connection", "Transfer-Encoding", "X-Content-Type-Options"};
    return std::any_of(kOurs.begin(), kOurs.end(), [name](std::string_view ours) { return iequals(ours, name); });
}

void append_header(std::string& head, std::string_view name, std::string_view value) {
    const auto visible = [](char c) { return c == '\r' || c == '\n' || c == '\0' ? ' ' : c; };
    std::transform(name.begin(), name.end(), std::back_inserter(head), visible);
    head += ": ";
    std::transform(value.begin(), value.end(), std::back_inserter(head), visible);
    head += "\r\n";
}

}  // namespace

bool has_no_body(int status) {
    return status == 204 || status == 304 || status / 100 == 1;
}

std::string write_response_head(const ServerResponse& response, Timestamp date, AfterAnswer after) {
    std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
    append_header(head, "Date", to_http_date(date));
    if (!has_no_body(response.status)) {
        append_header(head, "Content-Type", response.content_type);
        append_header(head, "Content-Length", std::to_string(response.body.size()));
    }
    append_header(head, "X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : response.headers) {
        if (!is_ours(name)) append_header(head, name, value);
    }
    if (after == AfterAnswer::Close) append_header(head, "Connection", "close");
    if (after == AfterAnswer::SayKeepAlive) append_header(head, "Connection", "keep-alive");
    return head += "\r\n";
}

std::string to_http_date(Timestamp t) {
    static constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(t - day));
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[std::chrono::weekday(day).c_encoding()],
                       static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                       time.seconds().count());
}

}  // namespace tocsin
