#pragma once

#include "parser/template/value.h"

/// Functions that both dialects have. `call_title_…` differ: Prometheus keeps the rest of each word as it is.
namespace tocsin::templates {

Result<Value> call_to_upper(Call& call);
Result<Value> call_to_lower(Call& call);
Result<Value> call_title_keep(Call& call);
Result<Value> call_title_lower(Call& call);
Result<Value> call_match(Call& call);
Result<Value> call_re_replace_all(Call& call);
Result<Value> call_safe_html(Call& call);
Result<Value> call_safe_url(Call& call);
Result<Value> call_humanize_duration(Call& call);

}  // namespace tocsin::templates
