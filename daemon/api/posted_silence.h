#pragma once

#include "base/http.h"
#include "base/json.h"
#include "notifiers/silence.h"
#include "parser/matchers_parser.h"

namespace tocsin::api {

/// A silence out of a body, or the answer that refuses it, with Alertmanager's words.
tl::expected<Silence, ServerResponse> read_posted_silence(const Json& posted, MatchersSyntax syntax);

}  // namespace tocsin::api
