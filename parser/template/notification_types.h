#pragma once

#include "parser/template/value.h"

namespace tocsin::templates::types {

extern const Type notification_data;  // *template.Data, of NotificationData
extern const Type alert;              // template.Alert, of NotificationAlert
extern const Type alerts;             // template.Alerts
extern const Type alert_list;         // []template.Alert, which has no methods
extern const Type key_values;         // template.KV
extern const Type pair;               // template.Pair
extern const Type pairs;              // template.Pairs
extern const Type strings;            // template.Strings

}  // namespace tocsin::templates::types
