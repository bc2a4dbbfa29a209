#include "base/shared_text.h"

#include <new>

namespace tocsin {

SharedText::SharedText(std::uint32_t bytes) {
    if (bytes == 0) return;
    held_ = new (::operator new(sizeof(Held) + bytes)) Held{1, bytes};
}

void SharedText::release() {
    held_->~Held();
    ::operator delete(held_);
}

}  // namespace tocsin
