#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json/basic_parser_impl.hpp>

#include "base/json.h"

namespace tocsin {
namespace {

/// Hears Boost.JSON's parser, which is several times as fast as nlohmann's and says less about what is wrong.
class Walker {
public:
    static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();
    using Code = boost::json::error_code;
    using View = boost::json::string_view;

    explicit Walker(JsonListener& listener) : listener_(listener) {}

    bool on_document_begin(Code&) { return true; }
    bool on_document_end(Code&) { return true; }
    bool on_object_begin(Code& code) { return go_on(listener_.open_object(), code); }
    bool on_object_end(std::size_t, Code& code) { return go_on(listener_.close_object(), code); }
    bool on_array_begin(Code& code) { return go_on(listener_.open_array(), code); }
    bool on_array_end(std::size_t, Code& code) { return go_on(listener_.close_array(), code); }
    bool on_key_part(View part, std::size_t, Code&) { return gather(part); }
    bool on_key(View last, std::size_t, Code& code) { return go_on(listener_.name(whole(last)), code); }
    bool on_string_part(View part, std::size_t, Code&) { return gather(part); }
    bool on_string(View last, std::size_t, Code& code) { return go_on(listener_.text(whole(last)), code); }
    bool on_number_part(View, Code&) { return true; }
    bool on_int64(std::int64_t, View, Code& code) { return go_on(listener_.other(), code); }
    bool on_uint64(std::uint64_t, View, Code& code) { return go_on(listener_.other(), code); }
    bool on_double(double, View, Code& code) { return go_on(listener_.other(), code); }
    bool on_bool(bool, Code& code) { return go_on(listener_.other(), code); }
    bool on_null(Code& code) { return go_on(listener_.other(), code); }
    bool on_comment_part(View, Code&) { return false; }
    bool on_comment(View, Code&) { return false; }

private:
    // The parser ends for any code.
    static bool go_on(bool wanted, Code& code) {
        if (!wanted) code = boost::json::error::syntax;
        return wanted;
    }

    // Texts with escapes come in parts.
    bool gather(View part) {
        parts_.append(part.data(), part.size());
        return true;
    }
    std::string_view whole(View last) {
        if (parts_.empty()) return {last.data(), last.size()};
        gather(last);
        gathered_ = std::exchange(parts_, {});
        return gathered_;
    }

    JsonListener& listener_;
    std::string parts_, gathered_;
};

}  // namespace

bool walk_json(std::string_view text, JsonListener& listener) {
    boost::json::basic_parser<Walker> parser(boost::json::parse_options{}, listener);
    boost::json::error_code code;
    return parser.write_some(false, text.data(), text.size(), code) == text.size() && !code;
}

}  // namespace tocsin
