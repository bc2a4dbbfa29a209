#include "parser/exposition_report.h"

#include <fmt/format.h>

#include "base/text.h"
#include "parser/exposition.h"

namespace tocsin {
namespace {

using Entry = ExpositionParser::Entry;

Json metadata_of(ExpositionParser& parser, Entry entry) {
    Json metadata = Json::object();
    metadata.add("metric", std::string(parser.metric()));
    switch (entry) {
        case Entry::Type:
            metadata.add("type", std::string(to_string(parser.type())));
            break;
        case Entry::Help:
            metadata.add("help", std::string(parser.text()));
            break;
        default:
            metadata.add("unit", std::string(parser.text()));
            break;
    }
    return metadata;
}

Json sample_of(ExpositionParser& parser) {
    Json labels = Json::object();
    const std::vector<Label>& all = parser.labels();
    for (std::size_t i = 0; i < all.size(); ++i) {
        // Of a name that is there twice the last one is shown.
        if (i + 1 < all.size() && all[i + 1].name == all[i].name) continue;
        labels.add(std::string(all[i].name), std::string(all[i].value));
    }
    Json sample = Json::object();
    sample.add("labels", std::move(labels));
    sample.add("value", format_go_float(parser.value()));
    sample.add("timestamp", parser.has_timestamp() ? Json(parser.timestamp_ms()) : Json());
    return sample;
}

Json report_of(std::string_view error, std::size_t line, Json metadata, Json samples) {
    Json report = Json::object();
    report.add("ok", error.empty());
    report.add("error", error.empty() ? Json() : Json(error));
    if (line > 0) report.add("line", static_cast<std::int64_t>(line));
    report.add("metadata", std::move(metadata));
    report.add("samples", std::move(samples));
    return report;
}

}  // namespace

Json unread_exposition_report(std::string_view error) {
    return report_of(error, 0, Json::array(), Json::array());
}

Json exposition_report(std::string_view content_type, std::string_view body) {
    Json metadata = Json::array();
    Json samples = Json::array();
    std::string error;
    std::size_t line = 0;
    if (const auto format = exposition_format(content_type)) {
        ExpositionParser parser(body, *format);
        for (Entry entry = parser.next(); entry != Entry::End; entry = parser.next()) {
            if (entry == Entry::Error) {
                error = parser.error();
                line = parser.error_line();
                break;
            }
            if (entry == Entry::Sample) {
                samples.push(sample_of(parser));
            } else if (entry != Entry::Comment) {
                metadata.push(metadata_of(parser, entry));
            }
        }
    } else {
        error = fmt::format("received unsupported Content-Type {}", go_quote(content_type));
    }
    return report_of(error, line, std::move(metadata), std::move(samples));
}

}  // namespace tocsin
