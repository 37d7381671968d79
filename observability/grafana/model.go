package grafana

// Dashboard is Grafana's classic dashboard: the fields that ours use.
type Dashboard struct {
	UID           string      `json:"uid"` // stable: alerts and links lead here
	Title         string      `json:"title"`
	Description   string      `json:"description"`
	Tags          []string    `json:"tags"`
	Timezone      string      `json:"timezone"`
	Editable      bool        `json:"editable"`
	GraphTooltip  int         `json:"graphTooltip"` // 1: all panels share the crosshair
	Refresh       string      `json:"refresh"`
	SchemaVersion int         `json:"schemaVersion"`
	Time          Span        `json:"time"`
	Templating    Templating  `json:"templating"`
	Annotations   Annotations `json:"annotations"`
	Links         []Link      `json:"links"`
	Panels        []Panel     `json:"panels"`
}

// Span is the time shown at first.
type Span struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Templating holds the variables.
type Templating struct {
	List []Variable `json:"list"`
}

// Variable is one, by its type: datasource, query, constant or textbox.
type Variable struct {
	Name       string `json:"name"`
	Type       string `json:"type"`
	Label      string `json:"label"`
	Query      any    `json:"query"`
	Datasource *Ref   `json:"datasource,omitempty"`
	Refresh    int    `json:"refresh,omitempty"` // 2: when the time shown changes
	Regex      string `json:"regex,omitempty"`
	Sort       int    `json:"sort,omitempty"`
	Multi      bool   `json:"multi,omitempty"`
	IncludeAll bool   `json:"includeAll,omitempty"`
	AllValue   string `json:"allValue,omitempty"`
}

// Ref names a source of data, by a variable.
type Ref struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Annotations holds what is marked in every graph.
type Annotations struct {
	List []Annotation `json:"list"`
}

// Annotation marks moments that a query finds.
type Annotation struct {
	Name            string `json:"name"`
	Enable          bool   `json:"enable"`
	IconColor       string `json:"iconColor"`
	Datasource      Ref    `json:"datasource"`
	Expr            string `json:"expr"`
	TitleFormat     string `json:"titleFormat"`
	UseValueForTime string `json:"useValueForTime,omitempty"` // "on": the value is the moment, in ms
}

// Link leads from a dashboard or a panel elsewhere.
type Link struct {
	Title       string   `json:"title"`
	Tooltip     string   `json:"tooltip"`
	Type        string   `json:"type"` // link or dashboards
	Icon        string   `json:"icon"`
	Tags        []string `json:"tags"`
	URL         string   `json:"url"`
	AsDropdown  bool     `json:"asDropdown"`
	IncludeVars bool     `json:"includeVars"`
	KeepTime    bool     `json:"keepTime"`
	TargetBlank bool     `json:"targetBlank"`
}

// Panel is a picture of one or more queries, or a row's heading.
type Panel struct {
	ID          int          `json:"id"`
	Type        string       `json:"type"`
	Title       string       `json:"title"`
	Description string       `json:"description,omitempty"`
	GridPos     Box          `json:"gridPos"`
	Datasource  *Ref         `json:"datasource,omitempty"`
	Targets     []Target     `json:"targets,omitempty"`
	FieldConfig *FieldConfig `json:"fieldConfig,omitempty"`
	Options     any          `json:"options,omitempty"`
	Links       []Link       `json:"links,omitempty"`
	Collapsed   *bool        `json:"collapsed,omitempty"` // of a row
	Panels      []Panel      `json:"panels,omitzero"`     // of a row: empty
}

// Box is a panel's place on a grid of 24 columns.
type Box struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

// Target is one query of a panel, of Prometheus or of Loki.
type Target struct {
	RefID        string `json:"refId"`
	Datasource   Ref    `json:"datasource"`
	EditorMode   string `json:"editorMode"`
	Expr         string `json:"expr"`
	LegendFormat string `json:"legendFormat,omitempty"`
	Format       string `json:"format,omitempty"` // heatmap or table
	Range        bool   `json:"range,omitempty"`
	Instant      bool   `json:"instant,omitempty"`
	Exemplar     bool   `json:"exemplar,omitempty"`
	QueryType    string `json:"queryType,omitempty"` // Loki's: range or instant
	MaxLines     int    `json:"maxLines,omitempty"`  // Loki's
}

// FieldConfig says how values are shown.
type FieldConfig struct {
	Defaults  Defaults `json:"defaults"`
	Overrides []any    `json:"overrides"`
}

// Defaults holds the unit and the bounds.
type Defaults struct {
	Unit       string      `json:"unit"`
	Min        *float64    `json:"min,omitempty"`
	Max        *float64    `json:"max,omitempty"`
	NoValue    string      `json:"noValue,omitempty"`
	Color      *Color      `json:"color,omitempty"`
	Thresholds *Thresholds `json:"thresholds,omitempty"`
	Custom     any         `json:"custom,omitempty"`
}

// Color is the way that colors are chosen.
type Color struct {
	Mode string `json:"mode"`
}

// Thresholds are the values from which another color begins.
type Thresholds struct {
	Mode  string `json:"mode"`
	Steps []Step `json:"steps"`
}

// Step is a color from a value on; the first has none.
type Step struct {
	Color string   `json:"color"`
	Value *float64 `json:"value"`
}
