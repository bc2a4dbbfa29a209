#pragma once

#include <string>
#include <string_view>

#include "base/http.h"
#include "base/time.h"

namespace tocsin {

enum class AfterAnswer { KeepAlive, SayKeepAlive, Close };  // HTTP/1.0 wants it said

/// The status line and the headers of an answer, with the empty line. What belongs to the message as such (Date,
/// Content-Length, Connection) is ours; line feeds in a header become blanks, so that no text can end it.
std::string write_response_head(const ServerResponse& response, Timestamp date, AfterAnswer after);

/// No body may follow a head with this status, nor a length be told.
bool has_no_body(int status);

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
std::string to_http_date(Timestamp t);

}  // namespace tocsin
