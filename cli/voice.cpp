#include "cli/voice.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/terminal.h"

namespace tocsin::cli {

void Voice::note(std::string_view what) const {
    print_error(fmt::format("tocsin {}: {}\n", command_, escape_control_characters(what)));
}

int Voice::refuse(std::string_view message, int code) const {
    note(message);
    return code;
}

int Voice::refuse(const Error& error) const {
    return refuse(error.message, error.kind == Error::Kind::InvalidInput ? kBad : kImpossible);
}

}  // namespace tocsin::cli
