#include "parser/template/value.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "parser/template/types.h"

namespace tocsin::templates {

std::string_view TextMap::get(std::string_view name) const {
    if (labels_ != nullptr) return labels_->get(name);
    const auto found =
        std::ranges::lower_bound(pairs_, name, {}, [](const Pair& pair) -> std::string_view { return pair.first; });
    return found != pairs_.end() && found->first == name ? std::string_view(found->second) : std::string_view();
}

std::size_t Function::parameter_count() const {
    return static_cast<std::size_t>(std::ranges::find(parameters, nullptr) - parameters.begin());
}

const Field* Type::find_field(std::string_view field) const {
    const auto found = std::ranges::find(fields, field, &Field::name);
    return found == fields.end() ? nullptr : &*found;
}

const Function* Type::find_method(std::string_view method) const {
    const auto found = std::ranges::find(methods, method, &Function::name);
    return found == methods.end() ? nullptr : &*found;
}

std::optional<Value> Map::find(std::string_view key) const {
    if (holds_texts) {
        const std::string_view value = texts.get(key);
        return value.empty() ? std::optional<Value>() : Value::text(value);
    }
    const auto found = std::ranges::lower_bound(entries, key, {}, &Entry::key);
    return found != entries.end() && found->key == key ? std::optional(found->value) : std::nullopt;
}

Value Value::nil_interface() {
    return Value(types::any);
}

Value Value::boolean(bool value) {
    Value made(types::boolean);
    made.payload_.boolean = value;
    return made;
}

Value Value::integer(std::int64_t value) {
    return integer(value, types::integer);
}

Value Value::integer(std::int64_t value, const Type& type) {
    Value made(type);
    made.payload_.integer = value;
    return made;
}

Value Value::unsigned_integer(std::uint64_t value, const Type& type) {
    Value made(type);
    made.payload_.unsigned_integer = value;
    return made;
}

Value Value::number(double value) {
    Value made(types::float64);
    made.payload_.number = value;
    return made;
}

Value Value::complex(std::complex<double> value) {
    Value made(types::complex128);
    made.payload_.pair[0] = value.real();
    made.payload_.pair[1] = value.imag();
    return made;
}

Value Value::text(std::string_view value) {
    return text(value, types::string);
}

Value Value::text(std::string_view value, const Type& type) {
    Value made(type);
    made.payload_.text = {value.data(), value.size()};
    return made;
}

Value Value::list(std::span<const Value> items, const Type& type) {
    Value made(type);
    made.payload_.list = {items.data(), items.size()};
    return made;
}

Value Value::map(const Map& map, const Type& type) {
    Value made(type);
    made.payload_.map = &map;
    return made;
}

Value Value::object(const void* object, const Type& type) {
    Value made(type);
    made.payload_.object = object;
    return made;
}

Value Value::time(const GoTime& time) {
    Value made(types::time);
    made.payload_.time = &time;
    return made;
}

Value Value::location(const GoZone& zone) {
    Value made(types::location);
    made.payload_.location = &zone;
    return made;
}

void* Arena::allocate(std::size_t bytes, std::size_t alignment) {
    used_ += bytes;
    return memory_.allocate(bytes, alignment);
}

std::string_view Arena::keep(std::string_view text) {
    if (text.empty()) return {};
    char* into = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(into, text.data(), text.size());
    return {into, text.size()};
}

std::span<Value> Arena::make_list(std::size_t size) {
    if (size == 0) return {};
    auto* into = static_cast<Value*>(allocate(size * sizeof(Value), alignof(Value)));
    std::uninitialized_value_construct_n(into, size);
    return {into, size};
}

const Map& Arena::make_map(std::vector<Map::Entry> entries) {
    std::ranges::stable_sort(entries, {}, &Map::Entry::key);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (i + 1 < entries.size() && entries[i].key == entries[i + 1].key) continue;
        entries[kept++] = entries[i];
    }
    auto* into = static_cast<Map::Entry*>(allocate(kept * sizeof(Map::Entry) + 1, alignof(Map::Entry)));
    std::uninitialized_copy_n(entries.begin(), kept, into);
    return *new (allocate(sizeof(Map), alignof(Map))) Map{{}, {into, kept}, false};
}

const Map& Arena::make_map(const TextMap& texts) {
    return *new (allocate(sizeof(Map), alignof(Map))) Map{texts, {}, true};
}

const GoTime& Arena::keep(GoTime time) {
    auto kept = std::make_shared<const GoTime>(std::move(time));
    const GoTime& result = *kept;
    own(std::move(kept), sizeof(GoTime));
    return result;
}

void Arena::own(std::shared_ptr<const void> object, std::size_t bytes) {
    used_ += bytes;
    owned_.push_back(std::move(object));
}

bool is_true(const Value& value) {
    switch (value.kind()) {
        case Kind::Nil:
        case Kind::Interface:
            return false;
        case Kind::Bool:
            return value.as_bool();
        case Kind::Int:
            return value.as_int() != 0;
        case Kind::Uint:
            return value.as_uint() != 0;
        case Kind::Float:
            return value.as_float() != 0;
        case Kind::Complex:
            return value.as_complex() != std::complex<double>();
        case Kind::String:
            return !value.as_text().empty();
        case Kind::List:
            return !value.as_list().empty();
        case Kind::Map:
            return value.as_map().size() != 0;
        case Kind::Struct:
        case Kind::Time:
        case Kind::Location:
            return true;
    }
    return false;
}

}  // namespace tocsin::templates
