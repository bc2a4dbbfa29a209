#include "base/shared_text.h"

#include <cstring>
#include <new>

namespace tocsin {

SharedText::SharedText(std::uint32_t bytes) {
    if (bytes == 0) return;
    held_ = new (::operator new(sizeof(Held) + bytes)) Held{1, bytes};
}

SharedText SharedText::of(std::string_view text) {
    return make(static_cast<std::uint32_t>(text.size()),
                [&](char* into) { std::memcpy(into, text.data(), text.size()); });
}

void SharedText::release() {
    held_->~Held();
    ::operator delete(held_);
}

}  // namespace tocsin
