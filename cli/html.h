#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::cli {

/// Text between tags or in a quoted attribute: nothing in it is markup, and what cannot be shown (control characters,
/// bytes that are no UTF-8) is replaced.
std::string escape_markup(std::string_view text);

/// Writes HTML and SVG. Every text and every value goes through escape_markup(); names of elements and attributes are
/// the program's own.
class Html {
public:
    /// An attribute of an empty value is left out.
    using Attribute = std::pair<std::string_view, std::string>;
    using Attributes = std::initializer_list<Attribute>;

    Html& open(std::string_view element, Attributes attributes = {});
    /// Closes the element that was opened last.
    Html& close();
    Html& text(std::string_view text);
    /// An element with nothing but a text in it.
    Html& element(std::string_view element, Attributes attributes, std::string_view text);
    /// One that never has content: `<meta …>`, `<rect …/>`.
    Html& leaf(std::string_view element, Attributes attributes);
    /// The program's own text, as it is: style, script.
    Html& raw(std::string_view markup);

    std::string take() { return std::move(out_); }

private:
    void tag(std::string_view element, Attributes attributes);

    std::string out_;
    std::vector<std::string_view> open_;
};

}  // namespace tocsin::cli
