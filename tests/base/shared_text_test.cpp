#include "base/shared_text.h"

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "tests/catch.h"

using namespace tocsin;

namespace {

SharedText text_from(std::string_view text) {
    return SharedText::make(static_cast<std::uint32_t>(text.size()),
                            [&](char* out) { std::copy(text.begin(), text.end(), out); });
}

}  // namespace

TEST_CASE("copies of a shared text are the same bytes", "[base][shared_text]") {
    const SharedText text = text_from("as it was");
    const SharedText copy = text;
    CHECK(copy.view() == "as it was");
    CHECK(copy.view().data() == text.view().data());
    CHECK(copy == text);
    CHECK(copy == text_from("as it was"));
    CHECK_FALSE(copy == text_from("as it is"));
}

TEST_CASE("a shared text outlives those that it was copied from", "[base][shared_text]") {
    SharedText last;
    {
        const SharedText first = text_from("still there");
        last = first;
        const SharedText& same = last;
        last = same;
    }
    SharedText moved = std::move(last);
    CHECK(moved.view() == "still there");
    CHECK(last.empty());
    moved = SharedText();
    CHECK(moved.empty());
    CHECK(moved.view().empty());
    CHECK(moved == text_from(""));
}

TEST_CASE("shared texts are copied and dropped by many threads", "[base][shared_text]") {
    const SharedText text = text_from("of all of them");
    std::vector<std::thread> threads;
    std::vector<std::size_t> lengths(4);
    for (std::size_t i = 0; i < lengths.size(); ++i) {
        threads.emplace_back([&, i] {
            for (int round = 0; round < 10'000; ++round) {
                const SharedText mine = text;
                lengths[i] += mine.view().size();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::size_t length : lengths) CHECK(length == 10'000 * text.view().size());
}
