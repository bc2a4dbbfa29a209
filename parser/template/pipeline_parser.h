#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parser/template/token_reader.h"
#include "parser/template/tree.h"
#include "parser/template/tree_parser.h"

namespace tocsin::templates {

/// Reads what stands between the delimiters: pipelines, and the commands and operands in them. Recursive descent; every
/// function returns false once a mistake was found, and then nothing else may be done.
class PipelineParser : public TokenReader {
protected:
    /// `options` must outlive it.
    PipelineParser(std::string_view name, std::string_view text, const TreeParserOptions& options);

    /// Up to a token of the kind `end`, which is read too. `context` names the action in messages.
    bool pipeline(std::string_view context, Token::Kind end, Pipeline& into);

    class Nesting;

    const TreeParserOptions& options_;
    std::vector<std::string> variables_;  // those that can be seen, with their `$`

private:
    bool declarations(std::string_view context, Pipeline& into);
    bool check_pipeline(const Pipeline& pipeline, std::string_view context);
    bool command(Command& into);
    bool operand(std::optional<Operand>& into);
    bool chain(Operand& operand);
    bool term(std::optional<Operand>& into);
    bool number(const Token& token, Operand& into);
    bool function(const Token& token, Operand& into);
    bool variable(const Token& token, Operand& into);
    bool string(const Token& token, Operand& into);

    std::size_t nesting_ = 0;
};

/// One more level of nesting while it lives.
class PipelineParser::Nesting {
public:
    explicit Nesting(PipelineParser& parser) : parser_(parser) { ++parser_.nesting_; }
    ~Nesting() { --parser_.nesting_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

    /// Reports when it is one too many.
    bool allowed() const;

private:
    PipelineParser& parser_;
};

}  // namespace tocsin::templates
