#include "engine/functions/signature.h"

namespace tocsin {

std::string signature(const FunctionDef& function) {
    std::string text = std::string(function.name) + "(";
    for (std::size_t i = 0; i < function.arguments.size(); ++i) {
        const bool optional = i >= function.arguments_min();
        text += i > 0 ? ", " : "";
        text += (optional ? "[" : "") + std::string(to_string(function.arguments[i]));
        text += optional && function.variadic != 1 ? ", …" : "";
        text += optional ? "]" : "";
    }
    return text + ")";
}

}  // namespace tocsin
