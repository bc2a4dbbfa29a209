#include "parser/template/to_json.h"

#include <cmath>

#include <fmt/format.h>

#include "base/json.h"
#include "parser/template/printf.h"

namespace tocsin::templates {
namespace {

constexpr int kJsonDepthMax = 100;

// Without an exponent between 1e-6 and 1e21, and with one of no more digits than needed beyond.
std::string json_number(double value) {
    const double magnitude = std::abs(value);
    if (value == 0 || (magnitude >= 1e-6 && magnitude < 1e21)) return format_float(value, 'f', -1);
    std::string out = format_float(value, 'e', -1);
    const std::size_t size = out.size();
    if (size >= 4 && out[size - 4] == 'e' && out[size - 3] == '-' && out[size - 2] == '0') out.erase(size - 2, 1);
    return out;
}

class Writer {
public:
    explicit Writer(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    Status write(const Value& value, int depth);
    std::string take() { return std::move(out_); }

private:
    Status write_list(const Value& value, int depth);
    Status write_map(const Value& value, int depth);
    Status write_struct(const Value& value, int depth);
    void separate(bool& first);

    std::string out_;
    std::size_t bytes_max_;
};

void Writer::separate(bool& first) {
    if (!first) out_ += ',';
    first = false;
}

Status Writer::write(const Value& value, int depth) {
    if (out_.size() > bytes_max_) return fail(Error::Kind::LimitExceeded, "text is larger than the limit");
    if (depth > kJsonDepthMax) return fail(Error::Kind::LimitExceeded, "value is nested too deep");
    switch (value.kind()) {
        case Kind::Nil:
        case Kind::Interface:
            out_ += "null";
            return {};
        case Kind::Bool:
            out_ += value.as_bool() ? "true" : "false";
            return {};
        case Kind::Int:
            out_ += fmt::format("{}", value.as_int());
            return {};
        case Kind::Uint:
            out_ += fmt::format("{}", value.as_uint());
            return {};
        case Kind::Float:
            if (!std::isfinite(value.as_float())) {
                return fail_call("json: unsupported value: " + format_float(value.as_float(), 'g', -1));
            }
            out_ += json_number(value.as_float());
            return {};
        case Kind::Complex:
            return fail_call("json: unsupported type: complex128");
        case Kind::String:
            append_json_string(out_, value.as_text());
            return {};
        case Kind::List:
            return write_list(value, depth);
        case Kind::Map:
            return write_map(value, depth);
        case Kind::Struct:
            return write_struct(value, depth);
        case Kind::Time:
            append_json_string(out_, value.as_time().format("2006-01-02T15:04:05.999999999Z07:00"));
            return {};
        case Kind::Location:
            out_ += "{}";
            return {};
    }
    return {};
}

Status Writer::write_list(const Value& value, int depth) {
    out_ += '[';
    bool first = true;
    for (const Value& item : value.as_list()) {
        separate(first);
        if (auto written = write(item, depth + 1); !written) return written;
    }
    out_ += ']';
    return {};
}

Status Writer::write_map(const Value& value, int depth) {
    Status status;
    out_ += '{';
    bool first = true;
    value.as_map().for_each([&](std::string_view key, const Value& item) {
        if (!status) return;
        separate(first);
        append_json_string(out_, key);
        out_ += ':';
        status = write(item, depth + 1);
    });
    out_ += '}';
    return status;
}

Status Writer::write_struct(const Value& value, int depth) {
    if (value.as_object() == nullptr) {
        out_ += "null";
        return {};
    }
    Arena arena;
    out_ += '{';
    bool first = true;
    for (const Field& field : value.type()->fields) {
        const Value item = field.get(value.as_object(), arena);
        if (field.omit_empty && !is_true(item)) continue;
        separate(first);
        append_json_string(out_, field.json_name);
        out_ += ':';
        if (auto written = write(item, depth + 1); !written) return written;
    }
    out_ += '}';
    return {};
}

}  // namespace

Result<std::string> to_json(const Value& value, std::size_t bytes_max) {
    Writer writer(bytes_max);
    if (auto written = writer.write(value, 0); !written) return tl::unexpected<Error>(std::move(written).error());
    return writer.take();
}

}  // namespace tocsin::templates
