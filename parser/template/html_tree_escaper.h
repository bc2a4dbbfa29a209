#pragma once

#include <string>

#include "base/result.h"
#include "parser/template/execution.h"

namespace tocsin::templates {

/// Gives every action of `root`, and of the templates that it calls, the escapers for the place in the document where
/// its value stands. A template that is called from different kinds of places is kept once for each, under a name of
/// its own; calls are changed to that. The original trees stay as they are.
///
/// Fails where the place cannot be known: branches that end in different places, a template that is not defined. The
/// message is that of html/template.
Result<TreeMap> escape_trees(const TreeMap& trees, const std::string& root);

}  // namespace tocsin::templates
