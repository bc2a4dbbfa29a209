#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin {

/// A regular expression in RE2's syntax: linear time whatever the text. Immutable, cheap to copy, usable from any thread.
class Regex {
public:
    enum class Anchoring {
        Full,       // ^(?s:…)$ : matchers, label_replace, relabelling
        FullNoDot,  // ^(?:…)$ : Alertmanager's matchers; the dot does not match a line feed
        None,       // templates' match and reReplaceAll
    };

    /// The message of a failure is RE2's, as Go prints it: `error parsing regexp: missing closing ): `a(``.
    static Result<Regex> compile(std::string_view pattern, Anchoring anchoring = Anchoring::Full);

    bool matches(std::string_view text) const;
    const std::string& pattern() const;

    /// When the whole text matches: `replacement` with `$1`, `${1}`, `${name}` and `$name` expanded as Go's Regexp.Expand does
    /// (`$1x` is the group "1x"; `$$` a dollar). Otherwise nothing is written and false returned. Needs Anchoring::Full.
    bool expand(std::string_view text, std::string_view replacement, std::string& out) const;

    /// Every match replaced, Go's ReplaceAllString.
    std::string replace_all(std::string_view text, std::string_view replacement) const;

private:
    struct Program;
    explicit Regex(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
    std::shared_ptr<const Program> program_;
};

}  // namespace tocsin
