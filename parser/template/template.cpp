#include "parser/template/template.h"

#include <algorithm>
#include <utility>

#include "parser/template/html_tree_escaper.h"

namespace tocsin::templates {
namespace {

// A template that exists is not replaced by one without content.
void take_over(TreeMap& into, std::map<std::string, Tree> trees) {
    for (auto& [name, tree] : trees) {
        if (tree.is_empty() && into.contains(name)) continue;
        into.insert_or_assign(name, std::make_shared<const Tree>(std::move(tree)));
    }
}

std::optional<std::string> plain_text(const NodeList& list) {
    if (!std::ranges::all_of(list, [](const Node& node) { return node.kind == Node::Kind::Text; })) return std::nullopt;
    std::string text;
    for (const Node& node : list) text += node.text;
    return text;
}

}  // namespace

TemplateProblems TemplateSet::add(std::string_view name, std::string_view text) {
    TreeParserOptions options;
    options.functions = functions_;
    options.limits = limits_;
    auto trees = parse_trees(name, text, options);
    if (!trees) return std::move(trees).error();
    for (const auto& [_, tree] : *trees) regexes_.add_constants(tree.root);
    take_over(trees_, *std::move(trees));
    return {};
}

TemplateParsed<std::shared_ptr<const Template>> Template::parse(std::string_view name, std::string_view text,
                                                                const TemplateSet& set, const Options& options) {
    TreeParserOptions parser_options;
    parser_options.functions = &set.functions();
    parser_options.limits = set.limits();
    parser_options.variables = options.variables;
    parser_options.column_offset = options.column_offset;
    auto trees = parse_trees(name, text, parser_options);
    if (!trees) return tl::unexpected<TemplateProblems>(std::move(trees).error());

    const auto made = std::shared_ptr<Template>(new Template());
    made->limits_ = set.limits();
    made->trees_ = set.trees();
    made->regexes_ = set.regexes();
    for (const auto& [_, tree] : *trees) made->regexes_.add_constants(tree.root);
    // The text itself is what is executed, also when it is empty and the set has a template of its name.
    const auto root = trees->find(std::string(name));
    made->root_ = std::make_shared<const Tree>(std::move(root->second));
    trees->erase(root);
    take_over(made->trees_, *std::move(trees));
    made->trees_.insert_or_assign(std::string(name), made->root_);
    if (options.output == Output::Html) made->escape(std::string(name));
    made->plain_ = made->escape_problem_.empty() ? plain_text(made->root_->root) : std::nullopt;
    return made;
}

void Template::escape(const std::string& name) {
    auto escaped = escape_trees(trees_, name);
    if (!escaped) {
        escape_problem_ = std::move(escaped).error().message;
        return;
    }
    for (auto& [tree_name, tree] : *escaped) trees_.insert_or_assign(tree_name, std::move(tree));
    root_ = trees_.at(name);
}

Result<std::string> Template::execute(const Value& data, Environment environment, Arena& arena,
                                      const std::vector<PresetVariable>& presets) const {
    if (plain_) return *plain_;
    if (!escape_problem_.empty()) return fail(Error::Kind::InvalidInput, escape_problem_);
    environment.limits = limits_;
    environment.regexes = &regexes_;
    return Execution(trees_, environment, arena).run(*root_, data, presets);
}

}  // namespace tocsin::templates
