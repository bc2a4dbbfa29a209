#include "daemon/http_server_response.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {

namespace {

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 301: return "Moved Permanently";
        case 302: return "Found";
        case 303: return "See Other";
        case 304: return "Not Modified";
        case 307: return "Temporary Redirect";
        case 308: return "Permanent Redirect";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 406: return "Not Acceptable";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 410: return "Gone";
        case 413: return "Content Too Large";
        case 414: return "URI Too Long";
        case 415: return "Unsupported Media Type";
        case 417: return "Expectation Failed";
        case 421: return "Misdirected Request";
        case 422: return "Unprocessable Content";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 503: return "Service Unavailable";
        default: return "Status";
    }
}

bool is_ours(std::string_view name) {
    static constexpr std::array<std::string_view, 6> kOurs = {"Date",       "Content-Length",    "Content-Type",
                                                              "Connection", "Transfer-Encoding", "X-Content-Type-Options"};
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

bool has_no_body(int status) { return status == 204 || status == 304 || status / 100 == 1; }

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
