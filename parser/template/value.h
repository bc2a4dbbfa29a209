#pragma once

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "parser/template/go_time.h"
#include "parser/template/template_problem.h"
#include "parser/template/text_map.h"

/// The values that templates compute with: what Go's reflect package is to text/template.
///
/// A Value is a type and a few bytes, copied freely. What it points to (texts, lists, objects) belongs to the data that
/// the template is executed on, to the template's constants, or to the Arena of the execution; so no value outlives its
/// execution.
namespace tocsin::templates {

struct Call;
struct Type;
class Arena;
class Value;

enum class Kind : std::uint8_t {
    Nil,        // no value at all: prints as <no value>
    Interface,  // a nil value of type `interface {}`: an absent key of a map of anything
    Bool,
    Int,
    Uint,
    Float,
    Complex,
    String,
    List,
    Map,
    Struct,
    Time,
    Location,
};

/// A function or method that templates can call.
struct Function {
    std::string_view name;
    /// Null ends the list. Of a variadic function the last one stands for any number of arguments.
    std::array<const Type*, 4> parameters{};
    bool variadic = false;
    /// Null when the type depends on the arguments.
    const Type* result = nullptr;
    Result<Value> (*invoke)(Call& call) = nullptr;
    /// `and` and `or` stop at the argument that decides; `call` is told the name of what it calls.
    enum class Form : std::uint8_t { Plain, And, Or, CallBuiltin, ManyResults };
    Form form = Form::Plain;

    std::size_t parameter_count() const;
};

/// An exported field of a struct.
struct Field {
    std::string_view name;
    std::string_view json_name;
    const Type* type;
    Value (*get)(const void* object, Arena& arena);
    bool omit_empty = false;  // left out of JSON and of the printed struct when it is empty
};

/// A type of Go, as far as templates can tell: by its name in messages and %T, its fields, methods and text form.
struct Type {
    std::string_view name;
    Kind kind;
    bool is_pointer = false;
    const Type* element = nullptr;     // of lists and maps
    const Type* underlying = nullptr;  // the unnamed type as which values of this one are accepted
    std::span<const Field> fields = {};
    std::span<const Function> methods = {};
    void (*append_text)(const Value& value, std::string& out) = nullptr;  // the method String, if there is one

    const Field* find_field(std::string_view field) const;
    const Function* find_method(std::string_view method) const;
};

/// A map in its two forms: texts by name, or any values by name; sorted.
struct Map {
    struct Entry;

    TextMap texts;
    std::span<const Entry> entries;
    bool holds_texts = true;

    std::size_t size() const { return holds_texts ? texts.size() : entries.size(); }
    /// Nothing when the key is absent (of texts: or its value empty).
    std::optional<Value> find(std::string_view key) const;
    /// Key and value in the order of the keys.
    template <class Visit>
    void for_each(Visit&& visit) const;
};

class Value {
public:
    Value() = default;
    static Value nil_interface();
    static Value boolean(bool value);
    static Value integer(std::int64_t value);
    static Value integer(std::int64_t value, const Type& type);
    static Value unsigned_integer(std::uint64_t value, const Type& type);
    static Value number(double value);
    static Value complex(std::complex<double> value);
    static Value text(std::string_view value);
    static Value text(std::string_view value, const Type& type);
    static Value list(std::span<const Value> items, const Type& type);
    static Value map(const Map& map, const Type& type);
    static Value object(const void* object, const Type& type);
    static Value time(const GoTime& time);
    static Value location(const GoZone& zone);

    /// Null for Kind::Nil only.
    const Type* type() const { return type_; }
    Kind kind() const { return type_ == nullptr ? Kind::Nil : type_->kind; }
    /// Neither a value nor a nil of a type.
    bool is_nil() const { return kind() == Kind::Nil || kind() == Kind::Interface; }
    std::string_view type_name() const { return type_ == nullptr ? "<nil>" : type_->name; }

    // Each only for values of its kind.
    bool as_bool() const { return payload_.boolean; }
    std::int64_t as_int() const { return payload_.integer; }
    std::uint64_t as_uint() const { return payload_.unsigned_integer; }
    double as_float() const { return payload_.number; }
    std::complex<double> as_complex() const { return {payload_.pair[0], payload_.pair[1]}; }
    std::string_view as_text() const { return {payload_.text.data, payload_.text.size}; }
    std::span<const Value> as_list() const { return {payload_.list.data, payload_.list.size}; }
    const Map& as_map() const { return *payload_.map; }
    const void* as_object() const { return payload_.object; }
    const GoTime& as_time() const { return *payload_.time; }
    const GoZone& as_location() const { return *payload_.location; }

private:
    union Payload {
        std::uint64_t unsigned_integer = 0;
        std::int64_t integer;
        bool boolean;
        double number;
        double pair[2];
        struct {
            const char* data;
            std::size_t size;
        } text;
        struct {
            const Value* data;
            std::size_t size;
        } list;
        const Map* map;
        const void* object;
        const GoTime* time;
        const GoZone* location;
    };

    explicit Value(const Type& type) : type_(&type) {}

    const Type* type_ = nullptr;
    Payload payload_;
};

struct Map::Entry {
    std::string_view key;
    Value value;
};

template <class Visit>
void Map::for_each(Visit&& visit) const {
    if (holds_texts) {
        texts.for_each([&](std::string_view key, std::string_view value) { visit(key, Value::text(value)); });
    } else {
        for (const Entry& entry : entries) visit(entry.key, entry.value);
    }
}

/// What an execution makes on the way, freed all at once.
class Arena {
public:
    Arena() = default;
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    std::string_view keep(std::string_view text);
    std::span<Value> make_list(std::size_t size);
    /// Sorts; of a key given twice the last one counts.
    const Map& make_map(std::vector<Map::Entry> entries);
    const Map& make_map(const TextMap& texts);
    const GoTime& keep(GoTime time);
    /// A copy of something that needs no destructor.
    template <class Plain>
    const Plain& keep_plain(const Plain& plain) {
        static_assert(std::is_trivially_destructible_v<Plain>);
        return *new (allocate(sizeof(Plain), alignof(Plain))) Plain(plain);
    }
    /// Lives until the arena is gone; `bytes` is what it takes, about.
    void own(std::shared_ptr<const void> object, std::size_t bytes);

    /// A list that is made from `size` objects at `data` when it is first asked for, once in an execution. `make`
    /// returns what make_list() gave.
    template <class Make>
    std::span<const Value> list_of(const void* data, std::size_t size, std::string_view name, Make&& make) {
        for (const KnownList& known : lists_) {
            if (known.data == data && known.size == size && known.name == name) return known.items;
        }
        const std::span<const Value> items = make();
        lists_.push_back({data, size, name, items});
        return items;
    }

    /// Bytes handed out.
    std::size_t used() const { return used_; }

private:
    struct KnownList {
        const void* data;
        std::size_t size;
        std::string_view name;
        std::span<const Value> items;
    };

    void* allocate(std::size_t bytes, std::size_t alignment);

    alignas(std::max_align_t) std::array<std::byte, 1024> first_block_;
    std::pmr::monotonic_buffer_resource memory_{first_block_.data(), first_block_.size()};
    std::vector<std::shared_ptr<const void>> owned_;
    std::vector<KnownList> lists_;
    std::size_t used_ = 0;
};

struct RuleTemplateData;
struct NotificationData;
class RegexTable;

/// What functions see of the world: exactly one of the two kinds of data, the time, and nothing else.
struct Environment {
    const RuleTemplateData* rule = nullptr;
    const NotificationData* notification = nullptr;
    Timestamp now{};
    TemplateLimits limits;
    const RegexTable* regexes = nullptr;  // patterns that are constants, compiled beforehand; may be null
};

/// One call of a function: its arguments, already of the types that it asked for.
struct Call {
    Arena& arena;
    const Environment& environment;
    Value self;  // of a method
    std::span<const Value> arguments;

    std::string_view text(std::size_t i) const { return arguments[i].as_text(); }
    Value keep_text(std::string_view text) const { return Value::text(arena.keep(text)); }
};

/// The failure of a function: `error calling NAME: ` is put in front.
inline tl::unexpected<Error> fail_call(std::string message) {
    return fail(Error::Kind::InvalidInput, std::move(message));
}

/// Whether `if` takes the first branch: not false, 0, nil or empty.
bool is_true(const Value& value);

}  // namespace tocsin::templates
