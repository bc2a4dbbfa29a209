#include "daemon/config_watch.h"

#include <set>
#include <utility>

#include "base/file_patterns.h"

namespace tocsin {
namespace {

constexpr Duration kSettling = std::chrono::seconds(1);

}  // namespace

ConfigWatch::ConfigWatch(const Context& context, Duration interval, std::function<void()> changed)
    : context_(context), interval_(interval), changed_(std::move(changed)) {}

ConfigWatch::~ConfigWatch() {
    if (watch_ != 0) context_.file_watch.cancel(watch_);
    context_.scheduler.cancel(timer_);
}

void ConfigWatch::follow(std::vector<std::string> patterns) {
    patterns_ = std::move(patterns);
    known_ = digests_of(context_.disk, patterns_);
    seen_.reset();
    watch_files();
    context_.scheduler.cancel(timer_);
    timer_ = context_.scheduler.after(interval_, [this] { look(); });
}

// The folders too: a file that comes may match a pattern.
void ConfigWatch::watch_files() {
    if (watch_ != 0) context_.file_watch.cancel(watch_);
    std::set<std::string> paths;
    for (const std::string& pattern : patterns_) {
        if (const auto found = context_.disk.glob(pattern)) paths.insert(found->begin(), found->end());
        const std::string folder = directory_of(pattern);
        if (!has_magic(folder)) paths.insert(folder);
    }
    watch_ = context_.file_watch.watch({paths.begin(), paths.end()}, [this] { look_later(); });
}

void ConfigWatch::look_later() {
    context_.scheduler.cancel(timer_);
    timer_ = context_.scheduler.after(kSettling, [this] { look(); });
}

void ConfigWatch::look() {
    FileDigests found = digests_of(context_.disk, patterns_);
    if (found == known_) {
        seen_.reset();
        timer_ = context_.scheduler.after(interval_, [this] { look(); });
        return;
    }
    if (std::exchange(seen_, found) != found) return look_later();
    seen_.reset();
    known_ = std::move(found);
    timer_ = context_.scheduler.after(interval_, [this] { look(); });
    changed_();
}

}  // namespace tocsin
