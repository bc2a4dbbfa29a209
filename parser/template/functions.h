#pragma once

#include "parser/template/tree_parser.h"

/// The functions that templates can call, by name, of each dialect: Go's own are in all of them.
namespace tocsin::templates {

/// Of text/template: and, call, eq, html, index, js, len, printf, …
const FunctionTable& builtin_functions();

/// Of the labels and annotations of rules, as Prometheus has them.
const FunctionTable& rule_functions();

/// Of receivers' fields and template files, as Alertmanager has them.
const FunctionTable& notification_functions();

}  // namespace tocsin::templates
