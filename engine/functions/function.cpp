#include "engine/functions/function.h"

#include <algorithm>

namespace tocsin {
namespace functions {

#define FUNCTION(name) extern const FunctionDef name;
#include "engine/functions/functions.def"
#undef FUNCTION

}  // namespace functions

namespace {

constexpr const FunctionDef* kFunctions[] = {
#define FUNCTION(name) &functions::name,
#include "engine/functions/functions.def"
#undef FUNCTION
};

}  // namespace

std::span<const FunctionDef* const> all_functions() { return kFunctions; }

const FunctionDef* find_function(std::string_view name) {
    const auto all = all_functions();
    const auto found = std::ranges::lower_bound(all, name, {}, &FunctionDef::name);
    return found != all.end() && (*found)->name == name ? *found : nullptr;
}

}  // namespace tocsin
