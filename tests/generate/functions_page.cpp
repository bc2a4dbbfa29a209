#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "engine/functions/signature.h"

// Prints docs/functions.md: what the function table says, for people.

namespace tocsin {
namespace {

bool works_on_native_histograms(const FunctionDef& function) {
    const auto* builtin = std::get_if<Builtin>(&function.kernel);
    return builtin != nullptr && *builtin == Builtin::NativeHistogram;
}

bool is_about_dates(const FunctionDef& function) {
    return function.defaults_to_time;
}

template <class Kernel>
bool is_a(const FunctionDef& function) {
    return std::holds_alternative<Kernel>(function.kernel) && !is_about_dates(function);
}

struct Chapter {
    std::string_view title;
    std::string_view text;
    bool (*holds)(const FunctionDef&);
};

constexpr Chapter kChapters[] = {
    {"Over the range of each series",
     "One value for each series that has enough samples in the range. The metric name is dropped unless said "
     "otherwise.",
     is_a<OverRange>},
    {"Over each value", "The metric name is dropped.", is_a<OverValues>},
    {"Dates",
     "Each value is taken as seconds since 1970, in UTC. Without an argument they are about the time of the "
     "evaluation.",
     is_about_dates},
    {"Classic histograms",
     "Over series with a label `le`, one histogram for each set of the other labels. Counts that do not increase from "
     "bucket to bucket "
     "are made to, and a remark tells so.",
     is_a<OverBuckets>},
    {"Labels", "Values stay what they are.", is_a<OverLabels>},
    {"Whole vectors", "",
     [](const FunctionDef& function) { return is_a<Builtin>(function) && !works_on_native_histograms(function); }},
    {"Scalars", "", is_a<OverScalars>},
    {"Native histograms", "There are none in tocsin, so these give nothing, with a warning that says so.",
     works_on_native_histograms},
};

std::string remarks(const FunctionDef& function) {
    std::string text;
    const auto add = [&](bool applies, std::string_view remark) { text += applies ? std::string(" ") += remark : ""; };
    if (const auto* over = std::get_if<OverRange>(&function.kernel)) {
        add(over->keeps_name, "Keeps the metric name.");
        add(over->for_counters, "Remarks a series whose name does not look like a counter's.");
        add(over->anchored && over->smoothed, "Takes `anchored` and `smoothed` ranges.");
        add(over->anchored && !over->smoothed, "Takes `anchored` ranges.");
    }
    add(function.experimental, "*Experimental.*");
    return text;
}

std::string page_of(const Chapter& chapter) {
    std::string page = "\n## " + std::string(chapter.title) + "\n\n";
    if (!chapter.text.empty()) page += std::string(chapter.text) + "\n\n";
    page += "| function | gives |\n| --- | --- |\n";
    for (const FunctionDef* function : all_functions()) {
        if (!chapter.holds(*function)) continue;
        const std::string result =
            function->result == ValueType::Vector ? "" : ": " + std::string(to_string(function->result));
        page += "| `" + signature(*function) + result + "` | " + std::string(function->summary) + remarks(*function) +
                " |\n";
    }
    return page;
}

std::string functions_page() {
    std::string page =
        "<!-- Generated from the function table by tests/generate/functions_page.cpp: `make docs`. Do not edit. -->\n"
        "# Functions of PromQL\n\n"
        "All " +
        std::to_string(all_functions().size()) +
        " of them. A function gives an instant vector unless its line says another type. "
        "The experimental ones need `--enable-feature=promql-experimental-functions`.\n";
    for (const Chapter& chapter : kChapters) page += page_of(chapter);
    return page;
}

}  // namespace
}  // namespace tocsin

int main() {
    const std::string page = tocsin::functions_page();
    std::fwrite(page.data(), 1, page.size(), stdout);
}
