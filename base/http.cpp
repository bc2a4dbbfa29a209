#include "base/http.h"

#include <algorithm>

#include "base/text.h"

namespace tocsin {

std::string_view find_header(const std::vector<HttpHeader>& headers, std::string_view name) {
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [name](const HttpHeader& header) { return iequals(header.name, name); });
    return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

}  // namespace tocsin
