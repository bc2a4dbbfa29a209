#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace tocsin {

/// A comment in the lines of a list under its key, with its `#`.
struct ListComment {
    /// Before the first item, beside the key.
    static constexpr std::size_t kBesideKey = static_cast<std::size_t>(-1);
    std::size_t item = 0;  // which item of the list it is about, from 0; as many as there are when it follows the last
    std::string text;
};

/// All comments of a list in YAML's block style, in their order. `lines` begin with the one of the key. A comment on a
/// line of its own is about the item that follows unless it stands within one. What is no comment but looks like one,
/// in a text that goes over several lines, may be among them: none is ever left out.
std::vector<ListComment> comments_of_list(std::span<const std::string> lines);

/// Puts comments into the lines of a new list under the same key, each with its item as far as there is one.
std::vector<std::string> with_comments(const std::vector<std::string>& lines, const std::vector<ListComment>& comments);

}  // namespace tocsin
