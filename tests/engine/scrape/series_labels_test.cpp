#include "engine/scrape/series_labels.h"

#include "tests/catch.h"

using namespace tocsin;

TEST_CASE("labels of the target meet labels of the series", "[engine][scrape][labels]") {
    const LabelSet target{{"instance", "i"}, {"job", "j"}};
    struct Case {
        std::vector<Label> exposed;
        bool honor;
        std::string want;
    };
    const auto [exposed, honor, want] = GENERATE(values<Case>({
        {{{"__name__", "a"}, {"x", "y"}}, false, R"(a{instance="i", job="j", x="y"})"},
        {{{"__name__", "a"}, {"job", "own"}}, false, R"(a{exported_job="own", instance="i", job="j"})"},
        {{{"__name__", "a"}, {"exported_job", "first"}, {"job", "own"}},
         false,
         R"(a{exported_exported_job="own", exported_job="first", instance="i", job="j"})"},
        {{{"__name__", "a"}, {"job", "own"}}, true, R"(a{instance="i", job="own"})"},
        {{{"__name__", "a"}, {"job", ""}}, true, R"(a{instance="i"})"},
        {{{"__name__", "a"}, {"job", ""}}, false, R"(a{instance="i", job="j"})"},
    }));
    CHECK(to_string(with_target_labels(exposed, target, honor).build()) == want);
}
