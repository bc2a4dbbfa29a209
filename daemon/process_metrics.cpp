#include "daemon/process_metrics.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "base/text.h"

namespace tocsin {
namespace {

using Words = std::vector<std::string_view>;

// Places of /proc/self/stat (proc(5)) after the name of the program, which may hold blanks and brackets.
constexpr std::size_t kUserTime = 11;
constexpr std::size_t kSystemTime = 12;
constexpr std::size_t kVirtualBytes = 20;
constexpr std::size_t kResidentPages = 21;

Words words_of(std::string_view text) {
    Words words;
    for (const std::string_view word : split(text, ' ')) {
        if (!trim(word).empty()) words.push_back(trim(word));
    }
    return words;
}

std::optional<double> number_at(const Words& words, std::size_t place) {
    return place < words.size() ? parse_float(words[place]) : std::nullopt;
}

void show(SelfMetrics& metrics, std::string_view name, std::string_view help, std::optional<double> value) {
    if (value) metrics.gauge(name, help).set(*value);
}

void show_processor_time(SelfMetrics& metrics, const Words& stat) {
    const auto user = number_at(stat, kUserTime);
    const auto system = number_at(stat, kSystemTime);
    if (!user || !system) return;
    metrics.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.")
        .set((*user + *system) / static_cast<double>(::sysconf(_SC_CLK_TCK)));
}

void show_stat(SelfMetrics& metrics, Disk& disk) {
    const auto text = read_file(disk, "/proc/self/stat");
    if (!text || text->rfind(')') == std::string::npos) return;
    const Words stat = words_of(std::string_view(*text).substr(text->rfind(')') + 1));
    show_processor_time(metrics, stat);
    show(metrics, "process_virtual_memory_bytes", "Virtual memory size in bytes.", number_at(stat, kVirtualBytes));
    auto resident = number_at(stat, kResidentPages);
    if (resident) *resident *= static_cast<double>(::sysconf(_SC_PAGESIZE));
    show(metrics, "process_resident_memory_bytes", "Resident memory size in bytes.", resident);
}

void show_files(SelfMetrics& metrics, Disk& disk) {
    if (const auto open = disk.list("/proc/self/fd"); open && !open->empty()) {
        show(metrics, "process_open_fds", "Number of open file descriptors.", static_cast<double>(open->size()));
    }
    const auto limits = read_file(disk, "/proc/self/limits");
    if (!limits) return;
    constexpr std::string_view kLimit = "Max open files";
    for (const std::string_view line : split(*limits, '\n')) {
        if (!line.starts_with(kLimit)) continue;
        show(metrics, "process_max_fds", "Maximum number of open file descriptors.",
             number_at(words_of(line.substr(kLimit.size())), 0));
    }
}

}  // namespace

void add_process_metrics(SelfMetrics& metrics, Disk& disk) {
    metrics.on_render([&metrics, &disk] {
        show_stat(metrics, disk);
        show_files(metrics, disk);
    });
}

}  // namespace tocsin
