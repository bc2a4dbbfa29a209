#include "engine/store/scrape_log_format.h"

#include <charconv>

#include <fmt/format.h>

#include "base/crc32c.h"

namespace tocsin::scrape_log {

std::string segment_name(std::uint64_t number) {
    return fmt::format("{:08}{}", number, kSuffix);
}

std::optional<std::uint64_t> segment_number(std::string_view name) {
    if (!name.ends_with(kSuffix)) return std::nullopt;
    name.remove_suffix(kSuffix.size());
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc{} || end != name.data() + name.size() || number == 0) return std::nullopt;
    return number;
}

void put_labels(std::string& out, const LabelSet& labels, const LabelSet& without) {
    const std::size_t count_at = out.size();
    std::uint32_t count = 0;
    put(out, count);
    const auto put_label = [&](std::string_view name, std::string_view value) {
        put(out, static_cast<std::uint32_t>(name.size()));
        out += name;
        put(out, static_cast<std::uint32_t>(value.size()));
        out += value;
        ++count;
    };
    for (const Label label : labels) {
        if (without.get(label.name) != label.value) put_label(label.name, label.value);
    }
    for (const Label label : without) {
        if (!labels.has(label.name)) put_label(label.name, "");
    }
    std::memcpy(out.data() + count_at, &count, sizeof count);
}

std::size_t begin_frame(std::string& out, Kind kind) {
    const std::size_t begin = out.size();
    out.append(kFrameHeadBytes, '\0');
    put(out, kind);
    return begin;
}

void end_frame(std::string& out, std::size_t begin, std::uint64_t sequence) {
    char* head = out.data() + begin;
    const auto bytes = static_cast<std::uint32_t>(out.size() - begin - kFrameHeadBytes);
    std::memcpy(head, &bytes, sizeof bytes);
    std::memcpy(head + 2 * sizeof bytes, &sequence, sizeof sequence);
    const std::uint32_t crc = crc32c(std::string_view(out).substr(begin + 2 * sizeof bytes));
    std::memcpy(head + sizeof bytes, &crc, sizeof crc);
}

std::string_view Input::take_bytes(std::size_t count) {
    if (!good_ || count > bytes_.size()) {
        good_ = false;
        return {};
    }
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
}

// An empty value takes a label of `with` away.
LabelSet Input::take_labels(const LabelSet& with) {
    LabelBuilder labels(with);
    for (auto count = take<std::uint32_t>(); count > 0 && good_; --count) {
        const std::string_view name = take_bytes(take<std::uint32_t>());
        labels.set(name, take_bytes(take<std::uint32_t>()));
    }
    return labels.build();
}

}  // namespace tocsin::scrape_log
