#include "notifiers/integrations/integration.h"

#include <array>

namespace tocsin {
namespace integrations {

#define INTEGRATION(name) extern const IntegrationType name;
#include "notifiers/integrations/integrations.def"
#undef INTEGRATION

std::span<const IntegrationType* const> all() {
#define INTEGRATION(name) &name,
    static const std::array kTypes = {
#include "notifiers/integrations/integrations.def"
    };
#undef INTEGRATION
    return kTypes;
}

}  // namespace integrations

void read_common_fields(ConfigFields& fields, IntegrationConfig& config, const GlobalConfig& global,
                        const std::string& directory) {
    config.where = fields.node().where;
    fields.read("send_resolved", config.send_resolved);
    const YamlNode* http = fields.get("http_config");
    const bool own = http != nullptr && !http->is_null();
    config.http = own ? read_http_config(*http, fields.reading(), directory) : global.http;
}

}  // namespace tocsin
