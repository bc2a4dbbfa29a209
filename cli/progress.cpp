#include "cli/progress.h"

#include "base/text.h"
#include "cli/terminal.h"

namespace tocsin::cli {
namespace {

constexpr Duration kBetween{200};

}  // namespace

Progress::Progress(const Scheduler& clock) : clock_(clock), is_terminal_(stderr_is_terminal()) {}

Progress::~Progress() {
    clear();
}

void Progress::show(const std::function<std::string()>& text) {
    if (!is_terminal_) return;
    const MonotonicTime now = clock_.monotonic();
    if (now < next_) return;
    next_ = now + kBetween;
    print_error("\r\x1b[K" + escape_control_characters(text()));
    is_shown_ = true;
}

void Progress::clear() {
    if (is_shown_) print_error("\r\x1b[K");
    is_shown_ = false;
}

}  // namespace tocsin::cli
