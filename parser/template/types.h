#pragma once

#include "parser/template/value.h"

/// The types of Go's own that occur in templates. Those of the data are with the data.
namespace tocsin::templates::types {

extern const Type any;  // interface {}
extern const Type boolean;
extern const Type integer;    // int
extern const Type integer64;  // int64
extern const Type byte;       // uint8
extern const Type float64;
extern const Type complex128;
extern const Type string;
extern const Type string_list;  // []string
extern const Type any_list;     // []interface {}
extern const Type string_map;   // map[string]string
extern const Type any_map;      // map[string]interface {}

extern const Type time;      // time.Time
extern const Type duration;  // time.Duration
extern const Type month;     // time.Month
extern const Type weekday;   // time.Weekday
extern const Type location;  // *time.Location

/// Texts that html/template trusts in their own context.
extern const Type html;  // template.HTML
extern const Type url;   // template.URL

}  // namespace tocsin::templates::types
