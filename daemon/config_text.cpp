#include "daemon/config_text.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"
#include "base/yaml.h"

namespace tocsin {
namespace {

constexpr std::string_view kSecret = "<secret>";

// Wherever one of these is part of a key, unless that names a file.
constexpr std::array<std::string_view, 7> kSecretWords{"password", "secret",      "token",      "credentials",
                                                       "api_key",  "routing_key", "service_key"};

bool is_secret(std::string_view key) {
    const std::string name = to_lower(key);
    if (name.ends_with("_file") || name.ends_with("_url") || name.ends_with("_ref")) return false;
    return std::ranges::any_of(kSecretWords, [&](std::string_view word) { return name.find(word) != name.npos; });
}

bool is_plain(const std::string& text) {
    if (text.empty() || text.front() == ' ' || text.back() == ' ' || text == "~") return false;
    if (std::string_view("-?:,[]{}#&*!|>'\"%@`").find(text.front()) != std::string_view::npos && text != kSecret)
        return false;
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' '; };
    return std::ranges::none_of(text, is_control) && text.find(": ") == text.npos && text.find(" #") == text.npos &&
           !text.ends_with(':');
}

// JSON strings are YAML strings too.
void append_text(std::string& out, const std::string& text, bool quoted) {
    if (!quoted && is_plain(text)) {
        out += text;
    } else {
        append_json_string(out, text, JsonStyle::Plain);
    }
}

class Emitter {
public:
    std::string emit(const YamlNode& root) {
        if (root.is_map() || root.is_sequence()) emit_block(root, 0, false);
        return std::move(out_);
    }

private:
    // `hidden`: all of it is secret.
    void emit_block(const YamlNode& node, std::size_t indent, bool hidden) {
        for (const YamlNode::Entry& entry : node.entries) {
            out_.append(indent, ' ');
            append_text(out_, entry.key, false);
            out_ += ':';
            emit_value(entry.value, indent, hidden || is_secret(entry.key));
        }
        for (const YamlNode& item : node.items) {
            out_.append(indent, ' ');
            out_ += '-';
            emit_value(item, indent, hidden);
        }
    }

    void emit_value(const YamlNode& value, std::size_t indent, bool hidden) {
        if ((value.is_map() && !value.entries.empty()) || (value.is_sequence() && !value.items.empty())) {
            out_ += '\n';
            return emit_block(value, indent + 2, hidden);
        }
        out_ += ' ';
        emit_scalar(value, hidden);
        out_ += '\n';
    }

    void emit_scalar(const YamlNode& value, bool hidden) {
        if (value.is_map()) {
            out_ += "{}";
        } else if (value.is_sequence()) {
            out_ += "[]";
        } else if (value.is_null()) {
            out_ += "null";
        } else if (hidden && !value.text.empty()) {
            out_ += kSecret;
        } else {
            append_text(out_, without_password(value.text), value.quoted);
        }
    }

    std::string out_;
};

}  // namespace

std::string config_text(std::string_view text) {
    Diagnostics warnings;
    const auto root = parse_yaml(text, "", {}, &warnings);
    return root ? Emitter().emit(*root) : std::string();
}

}  // namespace tocsin
