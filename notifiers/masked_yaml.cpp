#include "notifiers/masked_yaml.h"

#include <algorithm>

#include "base/json.h"
#include "base/url.h"

namespace tocsin {
namespace {

class Writer {
public:
    explicit Writer(std::vector<const YamlNode*> secrets) : secrets_(std::move(secrets)) {
        std::sort(secrets_.begin(), secrets_.end());
    }

    /// What stands behind a key's colon or a list's dash, with its line feed.
    void write_value(const YamlNode& node, std::size_t indent) {
        if (std::binary_search(secrets_.begin(), secrets_.end(), &node)) {
            out_ += node.text.empty() ? " \"\"\n" : " <secret>\n";
        } else if (node.is_map() && !node.entries.empty()) {
            out_ += '\n';
            write_entries(node, indent);
        } else if (node.is_sequence() && !node.items.empty()) {
            out_ += '\n';
            write_items(node, indent);
        } else {
            out_ += ' ' + inline_text(node) + '\n';
        }
    }

    void write_entries(const YamlNode& node, std::size_t indent) {
        for (const auto& entry : node.entries) {
            out_.append(indent, ' ');
            write_entry(entry, indent);
        }
    }

    std::string take() { return std::move(out_); }

private:
    void write_entry(const YamlNode::Entry& entry, std::size_t indent) {
        out_ += scalar(entry.key, false) + ':';
        const bool list = entry.value.is_sequence();
        write_value(entry.value, list ? indent : indent + 2);
    }

    void write_items(const YamlNode& node, std::size_t indent) {
        for (const YamlNode& item : node.items) {
            out_.append(indent, ' ');
            out_ += '-';
            if (item.is_map() && !item.entries.empty()) {
                write_map_item(item, indent);
            } else {
                write_value(item, indent + 2);
            }
        }
    }

    /// The first entry stands beside the dash.
    void write_map_item(const YamlNode& item, std::size_t indent) {
        bool first = true;
        for (const auto& entry : item.entries) {
            if (first) {
                out_ += ' ';
            } else {
                out_.append(indent + 2, ' ');
            }
            first = false;
            write_entry(entry, indent + 2);
        }
    }

    static std::string inline_text(const YamlNode& node) {
        switch (node.kind) {
            case YamlNode::Kind::Null:
                return "null";
            case YamlNode::Kind::Sequence:
                return "[]";
            case YamlNode::Kind::Map:
                return "{}";
            case YamlNode::Kind::Scalar:
                break;
        }
        return scalar(without_password(node.text), node.quoted);
    }

    /// Plain where the file had it plain and the text allows it; otherwise in double quotes, where JSON is YAML.
    static std::string scalar(const std::string& text, bool quoted) {
        const bool simple = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                   c == '.' || c == '/';
        });
        const bool number = text.size() > 1 && text[1] >= '0' && text[1] <= '9';
        if (simple && !quoted && (text.front() != '-' || number)) return text;
        std::string out;
        append_json_string(out, text, JsonStyle::Plain);
        return out;
    }

    std::vector<const YamlNode*> secrets_;
    std::string out_;
};

}  // namespace

std::string masked_yaml(const YamlNode& root, std::vector<const YamlNode*> secrets) {
    Writer writer(std::move(secrets));
    writer.write_entries(root, 0);
    return writer.take();
}

}  // namespace tocsin
