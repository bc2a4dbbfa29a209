#include "daemon/http_limits.h"

#include "tests/catch.h"

using namespace tocsin;

TEST_CASE("bodies have the limit of their path, below whatever prefix", "[daemon][http]") {
    const std::string prefix = GENERATE(values<std::string>({"", "/alerts", "/a/b"}));
    CAPTURE(prefix);
    const HttpLimits limits = http_limits(512, prefix);
    const auto bytes_of = [&](const std::string& path) { return limits.body_bytes_of("POST", prefix + path); };
    CHECK(bytes_of("/api/v2/alerts") == 16U * 1024 * 1024);
    CHECK(bytes_of("/api/v2/alerts/") == bytes_of("/api/v2/alerts"));
    CHECK(bytes_of("/api/v1/query") == 1024U * 1024);
    CHECK(bytes_of("/api/v2/silences") == 256U * 1024);
    CHECK(bytes_of("/-/reload") == 256U * 1024);
    CHECK(limits.connections == 512);
    CHECK(limits.health_paths.back() == prefix + "/-/ready");
}
