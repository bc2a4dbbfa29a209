#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>

namespace tocsin {

/// Bytes that never change, shared by all copies of it: a copy is a pointer. Copies may be made and dropped on any
/// thread.
class SharedText {
public:
    SharedText() = default;
    SharedText(const SharedText& other) : held_(other.held_) {
        if (held_ != nullptr) held_->owners.fetch_add(1, std::memory_order_relaxed);
    }
    SharedText(SharedText&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
    SharedText& operator=(SharedText other) noexcept {
        std::swap(held_, other.held_);
        return *this;
    }
    ~SharedText() {
        if (held_ != nullptr && held_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) release();
    }

    /// `fill` is given the address of `bytes` bytes and writes all of them.
    template <class Fill>
    static SharedText make(std::uint32_t bytes, Fill&& fill) {
        SharedText made(bytes);
        if (made.held_ != nullptr) fill(made.held_->text());
        return made;
    }

    /// A copy of `text`, which must be shorter than 4 GiB.
    static SharedText of(std::string_view text);

    std::string_view view() const {
        return held_ == nullptr ? std::string_view{} : std::string_view(held_->text(), held_->bytes);
    }
    bool empty() const { return held_ == nullptr; }

    bool operator==(const SharedText& other) const { return held_ == other.held_ || view() == other.view(); }

private:
    struct Held {
        std::atomic<std::uint32_t> owners;
        std::uint32_t bytes;
        char* text() { return reinterpret_cast<char*>(this + 1); }
    };

    explicit SharedText(std::uint32_t bytes);
    void release();

    Held* held_ = nullptr;  // null for no bytes

public:
    /// What one with text takes beside its bytes.
    static constexpr std::size_t kOverhead = sizeof(Held);
};

}  // namespace tocsin
