// Predict samples: predict model.onnx < samples.txt
//
// Numbers are separated by blanks or line breaks, sample after sample, as they are stored; nan is padding. Each line of
// the output has the predictions of a sample, in the order of target_names in metadata.json.
#include <onnxruntime_cxx_api.h>

#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

using Input = float;  // as model.onnx takes it

int main(int words, char** arguments) try {
    if (words != 2) throw std::runtime_error("usage: predict model.onnx < samples.txt");
    Ort::Env environment(ORT_LOGGING_LEVEL_ERROR);
    Ort::SessionOptions options;
    options.SetIntraOpNumThreads(1);
    const std::basic_string<ORTCHAR_T> path(arguments[1], arguments[1] + std::string(arguments[1]).size());
    Ort::Session session(environment, path.c_str(), options);

    std::vector<Input> values;
    for (std::string word; std::cin >> word;) values.push_back(static_cast<Input>(std::stod(word)));
    std::vector<int64_t> shape = session.GetInputTypeInfo(0).GetTensorTypeAndShapeInfo().GetShape();
    int64_t size = 1;
    for (size_t axis = 1; axis < shape.size(); ++axis) size *= shape[axis];
    shape[0] = values.size() / size;
    if (values.empty() || values.size() % size) throw std::runtime_error("a sample has " + std::to_string(size) + " numbers");

    auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
    auto input = Ort::Value::CreateTensor(
        memory, reinterpret_cast<void*>(values.data()), values.size() * sizeof(Input), shape.data(), shape.size(),
        session.GetInputTypeInfo(0).GetTensorTypeAndShapeInfo().GetElementType());
    const char* inputs[] = {"inputs"};
    const char* outputs[] = {"predictions"};
    auto results = session.Run(Ort::RunOptions(), inputs, &input, 1, outputs, 1);
    const auto type = results[0].GetTensorTypeAndShapeInfo();
    const bool is_double = type.GetElementType() == ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE;  // targets of many digits
    const size_t count = type.GetElementCount(), per_sample = count / shape[0];
    std::cout.precision(is_double ? 12 : 6);
    for (size_t number = 0; number < count; ++number) {
        if (is_double) std::cout << results[0].GetTensorData<double>()[number];
        else std::cout << results[0].GetTensorData<float>()[number];
        std::cout << ((number + 1) % per_sample ? ' ' : '\n');
    }
} catch (const std::exception& error) {
    std::cerr << "Error: " << error.what() << '\n';
    return 1;
}
