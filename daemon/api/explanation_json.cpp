#include "daemon/api/explanation_json.h"

#include <cmath>

#include "base/text.h"
#include "daemon/api/api.h"

namespace tocsin::api {
namespace {

double seconds(std::chrono::nanoseconds duration) {
    return std::chrono::duration<double>(duration).count();
}

Json node_json(const ExplainedNode& node) {
    Json json = Json::object();
    json.add("title", node.title);
    json.add("depth", static_cast<std::uint64_t>(node.depth));
    json.add("type", to_string(node.type));
    if (node.same_as) json.add("sameAs", static_cast<std::uint64_t>(*node.same_as));
    json.add("rows", static_cast<std::uint64_t>(node.rows));
    json.add("present", static_cast<std::uint64_t>(node.present));
    json.add("kept", node.kept);
    json.add("firstSeconds", seconds(node.first));
    json.add("againSeconds", seconds(node.again));
    return json;
}

Json result_json(const QueryResult& result) {
    Json list = Json::array();
    if (result.type == ValueType::Scalar) {
        list.push(Json::Object{{"metric", Json::object()}, {"value", format_value(result.scalar)}});
    }
    for (const auto& [labels, value] : result.vector) {
        list.push(Json::Object{{"metric", labels_json(labels)}, {"value", format_value(value)}});
    }
    return list;
}

}  // namespace

Json explanation_json(const Explanation& explanation, Timestamp at) {
    Json nodes = Json::array();
    for (const ExplainedNode& node : explanation.nodes) nodes.push(node_json(node));
    Json json = Json::object();
    json.add("time", static_cast<double>(to_unix_ms(at)) / 1000);
    json.add("resultType", to_string(explanation.result.type));
    json.add("compilingSeconds", seconds(explanation.compiling));
    json.add("firstSeconds", seconds(explanation.first));
    json.add("againSeconds", seconds(explanation.again));
    json.add("nodes", std::move(nodes));
    json.add("result", result_json(explanation.result));
    return json;
}

}  // namespace tocsin::api
