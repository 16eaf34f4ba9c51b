DROP TABLE wage_benchmarks;
