#include "notifiers/route.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {
namespace {

void merge_labels(std::vector<std::pair<std::string, TemplateField>>& into,
                  const std::vector<std::pair<std::string, TemplateField>>& own) {
    for (const auto& label : own) {
        const auto inherited = std::find_if(into.begin(), into.end(), [&](const auto& l) { return l.first == label.first; });
        if (inherited != into.end()) into.erase(inherited);
        into.push_back(label);
    }
}

RouteOptions make_options(const RouteConfig& config, const Route* parent) {
    RouteOptions options = parent != nullptr ? parent->options : RouteOptions{};
    if (!config.receiver.empty()) options.receiver = config.receiver;
    if (config.group_by) {
        options.group_by = *config.group_by;
        options.group_by_all = false;
    } else if (config.group_by_all) {
        options.group_by_all = true;
    }
    options.group_wait = config.group_wait.value_or(options.group_wait);
    options.group_interval = config.group_interval.value_or(options.group_interval);
    options.repeat_interval = config.repeat_interval.value_or(options.repeat_interval);
    options.mute_time_intervals = config.mute_time_intervals;
    options.active_time_intervals = config.active_time_intervals;
    merge_labels(options.labels, config.labels);
    return options;
}

std::unique_ptr<Route> make_route(const RouteConfig& config, const Route* parent, std::size_t place) {
    auto route = std::make_unique<Route>();
    route->options = make_options(config, parent);
    route->matchers = config.matchers;
    route->continue_matching = config.continue_matching;
    const std::string own = matchers_text(config.matchers);
    route->key = parent != nullptr ? parent->key + '/' + own : own;
    route->id = parent != nullptr ? fmt::format("{}/{}/{}", parent->id, own, place) : own;
    for (std::size_t i = 0; i < config.routes.size(); ++i) {
        route->children.push_back(make_route(config.routes[i], route.get(), i));
    }
    return route;
}

void number_identities(Route& route, std::map<std::string, std::size_t>& seen, std::vector<const Route*>& routes) {
    const std::size_t number = seen[route.key]++;
    route.identity = number == 0 ? route.key : fmt::format("{}#{}", route.key, number);
    routes.push_back(&route);
    for (const auto& child : route.children) number_identities(*child, seen, routes);
}

void collect_matches(const Route& route, const LabelSet& labels, std::vector<const Route*>& into) {
    if (!all_match(route.matchers, labels)) return;
    const std::size_t before = into.size();
    for (const auto& child : route.children) {
        const std::size_t before_child = into.size();
        collect_matches(*child, labels, into);
        if (into.size() > before_child && !child->continue_matching) break;
    }
    if (into.size() == before) into.push_back(&route);
}

}  // namespace

LabelSet Route::group_labels(const LabelSet& alert) const {
    return options.group_by_all ? alert : alert.only(options.group_by);
}

std::string group_key(const Route& route, const LabelSet& group_labels) {
    std::string out = route.key + ":{";
    bool first = true;
    for (const Label label : group_labels) {
        out += fmt::format("{}{}={}", first ? "" : ", ", label.name, go_quote(label.value));
        first = false;
    }
    return out + '}';
}

RouteTree::RouteTree(const RouteConfig& root) : root_(make_route(root, nullptr, 0)) {
    std::map<std::string, std::size_t> seen;
    number_identities(*root_, seen, routes_);
    for (const Route* route : routes_) known_as_[{route->key, route->options.receiver}].push_back(route);
    find_same(*root_, known_as_);
}

void RouteTree::find_same(Route& route, const KnownAs& known_as) {
    route.same = &known_as.at({route.key, route.options.receiver});
    for (const auto& child : route.children) find_same(*child, known_as);
}

std::vector<const Route*> RouteTree::match(const LabelSet& labels) const {
    std::vector<const Route*> matches;
    collect_matches(*root_, labels, matches);
    return matches;
}

const Route* RouteTree::find_identity(std::string_view identity) const {
    const auto found =
        std::find_if(routes_.begin(), routes_.end(), [&](const Route* r) { return r->identity == identity; });
    return found == routes_.end() ? nullptr : *found;
}

}  // namespace tocsin
