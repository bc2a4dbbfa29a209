#pragma once

#include <algorithm>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"

namespace tocsin::fakes {

/// A Log that keeps its messages. Usable from any thread.
class RecordingLog final : public Log {
public:
    struct Message {
        LogLevel level;
        std::string target;
        std::string message;
        std::vector<std::pair<std::string, std::string>> fields;
    };

    bool enabled(LogLevel) const override { return true; }
    void write(LogLevel level, std::string_view target, std::string_view message,
               std::vector<LogField> fields) override {
        Message kept{level, std::string(target), std::string(message), {}};
        for (auto& field : fields) kept.fields.emplace_back(field.name, std::move(field.value));
        if (on_message) on_message(kept);
        const std::lock_guard lock(mutex_);
        messages_.push_back(std::move(kept));
    }

    /// Called with each message, on the thread that writes it: what else happens at that moment.
    std::function<void(const Message&)> on_message;

    std::vector<Message> messages() const {
        const std::lock_guard lock(mutex_);
        return messages_;
    }
    std::size_t count(LogLevel level) const {
        const auto all = messages();
        return static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [&](const Message& message) { return message.level == level; }));
    }
    /// Whether any message or value of a field has `text` in it; for proofs that a secret is not told.
    bool contains(std::string_view text) const {
        const auto all = messages();
        return std::any_of(all.begin(), all.end(), [&](const Message& message) { return has(message, text); });
    }

private:
    static bool has(const Message& message, std::string_view text) {
        const auto in = [&](const std::string& where) { return where.find(text) != std::string::npos; };
        return in(message.message) || std::any_of(message.fields.begin(), message.fields.end(),
                                                  [&](const auto& field) { return in(field.second); });
    }

    mutable std::mutex mutex_;
    std::vector<Message> messages_;
};

}  // namespace tocsin::fakes
