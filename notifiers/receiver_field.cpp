#include "notifiers/receiver_field.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {
namespace {

constexpr std::string_view kConfigs = "_configs";

/// `fields[1]` as a name and a number.
struct Step {
    std::string_view name;
    std::optional<std::size_t> index;
};

std::optional<Step> parse_step(std::string_view text) {
    const std::size_t open = text.find('[');
    if (open == std::string_view::npos) return Step{text, std::nullopt};
    std::size_t index = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + open + 1, end, index);
    if (error != std::errc{} || stop == end || std::string_view(stop, end) != "]") return std::nullopt;
    return Step{text.substr(0, open), index};
}

/// An entry of a list, or of a map by its name. Null when there is none.
const YamlNode* walk_field(const YamlNode& from, const Step& step) {
    const YamlNode* node = from.find(step.name);
    if (node == nullptr || (!step.index && !node->is_sequence())) return node;
    const std::size_t index = step.index.value_or(0);
    return index < node->items.size() ? &node->items[index] : nullptr;
}

const YamlNode* find_receiver(const YamlNode& root, std::string_view name) {
    const YamlNode* receivers = root.find("receivers");
    if (receivers == nullptr) return nullptr;
    for (const YamlNode& receiver : receivers->items) {
        const YamlNode* its_name = receiver.find("name");
        if (its_name != nullptr && its_name->text == name) return &receiver;
    }
    return nullptr;
}

std::vector<std::string_view> integrations_of(const YamlNode& receiver) {
    std::vector<std::string_view> keys;
    for (const auto& entry : receiver.entries) {
        if (entry.key.ends_with(kConfigs)) keys.push_back(entry.key);
    }
    return keys;
}

/// The field in the name of its default template: `title_link` is `slack.default.titlelink`.
std::string default_name(std::string_view field) {
    if (field == "client_url") return "clientURL";
    if (field == "headers.Subject") return "subject";
    std::string name(field);
    std::erase(name, '_');
    return name;
}

std::optional<ReceiverField> default_of(std::string_view integration, std::string_view field,
                                        const templates::NotificationTemplates& templates) {
    integration.remove_suffix(kConfigs.size());
    const std::string name = fmt::format("{}.default.{}", integration, default_name(field));
    std::string text = fmt::format("{{{{ template {} . }}}}", go_quote(name));
    const auto parsed = templates.parse_text(text);
    if (!parsed || !parsed->facts().problems.empty()) return std::nullopt;
    return ReceiverField{std::move(text), field == "html"};
}

tl::unexpected<Error> refuse_field(std::string message) {
    return fail(Error::Kind::NotFound, std::move(message));
}

/// The path with its integration in front: of a receiver that has only one it may be left out.
Result<std::string> complete(const YamlNode& receiver, std::string_view path) {
    if (path.substr(0, path.find_first_of(".[")).ends_with(kConfigs)) return std::string(path);
    const auto integrations = integrations_of(receiver);
    if (integrations.size() == 1) return fmt::format("{}.{}", integrations.front(), path);
    return refuse_field(fmt::format("field {} may be one of {}: put that in front, as in slack_configs[0].title",
                                    go_quote(path), fmt::join(integrations, ", ")));
}

/// The value at the end of the path; null when there is none.
const YamlNode* follow(const YamlNode& from, std::string_view path) {
    const YamlNode* at = &from;
    for (const std::string_view text : split(path, '.')) {
        const auto step = parse_step(text);
        at = step && at != nullptr ? walk_field(*at, *step) : nullptr;
    }
    return at;
}

}  // namespace

Result<ReceiverField> find_receiver_field(const YamlNode& root, const templates::NotificationTemplates& templates,
                                          std::string_view receiver, std::string_view path) {
    const YamlNode* const its = find_receiver(root, receiver);
    if (its == nullptr) return refuse_field(fmt::format("there is no receiver {}", go_quote(receiver)));
    TOCSIN_TRY(const std::string full, complete(*its, path));
    const std::string_view integration = std::string_view(full).substr(0, full.find('.'));
    const std::string_view field = std::string_view(full).substr(std::min(integration.size() + 1, full.size()));
    const auto step = parse_step(integration);
    const YamlNode* const config = step ? walk_field(*its, *step) : nullptr;
    if (config == nullptr) return refuse_field(fmt::format("receiver {} has no {}", go_quote(receiver), integration));

    const YamlNode* const found = follow(*config, field);
    if (found != nullptr && found->is_scalar()) return ReceiverField{found->text, field == "html"};
    if (found != nullptr && !found->is_null()) return refuse_field(fmt::format("field {} is no text", go_quote(path)));
    if (auto given = default_of(step->name, field, templates)) return *std::move(given);
    return refuse_field(fmt::format("field {} is not given and has no default template", go_quote(path)));
}

}  // namespace tocsin
