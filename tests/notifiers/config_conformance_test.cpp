#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/json.h"
#include "notifiers/config.h"
#include "tests/catch.h"

namespace tocsin {
namespace {

std::string read_whole(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// The files of a folder on which tocsin and amtool disagree, each with what tocsin says.
std::vector<std::string> disagreements(const std::string& folder, std::size_t& files) {
    const std::string root = TOCSIN_CONFORMANCE_DIR;
    const auto manifest =
        parse_json(read_whole(root + "/" + folder + "/manifest.json"), {.depth = 32, .values = 1'000'000});
    REQUIRE(manifest.has_value());
    std::vector<std::string> out;
    for (const Json& entry : manifest->at("files").items()) {
        ++files;
        const std::string name = entry.at("file").as_string();
        const auto config = parse_alertmanager_config(read_whole(root + "/" + name), name);
        if (config.has_value() == (entry.at("verdict").as_string() == "accept")) continue;
        out.push_back(name + ": " + (config ? "accepted" : to_string(config.error().front())));
    }
    return out;
}

TEST_CASE("configurations that amtool accepts load", "[notifiers][config][conformance]") {
    if (std::string(TOCSIN_CONFORMANCE_DIR).empty()) {
        WARN("no conformance material");
        return;
    }
    std::size_t files = 0;
    const auto wrong = disagreements("alertmanager-good", files);
    for (const auto& line : wrong) FAIL_CHECK(line);
    CHECK(files > 0);
}

TEST_CASE("configurations that amtool rejects do not load", "[notifiers][config][conformance]") {
    if (std::string(TOCSIN_CONFORMANCE_DIR).empty()) {
        WARN("no conformance material");
        return;
    }
    std::size_t files = 0;
    const auto wrong = disagreements("alertmanager-bad", files);
    for (const auto& line : wrong) FAIL_CHECK(line);
    CHECK(files > 0);
}

}  // namespace
}  // namespace tocsin
