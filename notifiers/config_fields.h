#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "base/yaml.h"
#include "parser/matchers_parser.h"

namespace tocsin {

/// A text of the file that is a template, executed anew for every notification.
struct TemplateField {
    std::string text;
    SourceRange where;
};

/// The same for a key or URL that nobody may see.
struct SecretTemplateField {
    Secret text;
    SourceRange where;
};

/// What is gathered while one alertmanager.yml is read. Everything is read before anything is refused.
struct ConfigReading {
    std::string file;
    MatchersSyntax matchers_syntax = MatchersSyntax::Fallback;
    Diagnostics problems;
    Diagnostics warnings;
    /// Nodes whose text must never be shown, for the masked text. They belong to the tree that is being read.
    std::vector<const YamlNode*> secrets;

    void problem(const SourceRange& where, std::string message, std::string expected = {});
    void warn(const SourceRange& where, std::string message, std::string hint = {});
};

/// What is wrong with an absolute http or https URL, as Alertmanager says it; empty when nothing is. Of a secret URL
/// nothing is repeated.
std::string url_problem(std::string_view text, bool secret = false);

/// YamlFields with the value types of Alertmanager's file. Each read leaves `into` alone and returns false when the key
/// is absent, null or unreadable.
class ConfigFields {
public:
    ConfigFields(const YamlNode& node, std::string what, ConfigReading& reading)
        : fields_(node, std::move(what), reading.file, reading.problems), reading_(reading) {}

    template <class T>
    bool read(std::string_view key, T& into) {
        return fields_.read(key, into);
    }
    const YamlNode* get(std::string_view key) { return fields_.get(key); }
    void ignore(std::string_view key) { fields_.ignore(key); }
    void finish() { fields_.finish(); }

    bool read_template(std::string_view key, TemplateField& into);
    bool read_secret(std::string_view key, Secret& into);
    bool read_secret_template(std::string_view key, SecretTemplateField& into);
    bool read_url(std::string_view key, std::string& into);
    /// Takes the literal `<secret>` too, so that a configuration shown by the API loads.
    bool read_secret_url(std::string_view key, Secret& into);
    /// `1.5h`: the notation of Go.
    bool read_go_duration(std::string_view key, Duration& into);
    /// Calls `each` for every entry of a list; an entry that is null is reported as `missing_entry`, or passed on when
    /// that is empty.
    void read_each(std::string_view key, const std::function<void(const YamlNode&)>& each,
                   std::string_view missing_entry = {});

    /// Whether the key is there with a value other than null and "".
    bool has(std::string_view key);
    /// Reports when more than one of the keys is there: `at most one of a & b must be configured`.
    void at_most_one(std::initializer_list<std::string_view> keys, std::string_view prefix = {});

    /// At the value of `key`, or at the mapping when it is absent.
    void report(std::string_view key, std::string message, std::string expected = {});

    const YamlNode& node() const { return fields_.node(); }
    ConfigReading& reading() { return reading_; }

private:
    YamlFields fields_;
    ConfigReading& reading_;
};

}  // namespace tocsin
